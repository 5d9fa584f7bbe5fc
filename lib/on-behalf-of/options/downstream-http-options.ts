import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { TRIAL_INTERVAL } from '../../limits/adaptive-bulkhead.js';
import { LONGEST_TIMEOUT } from '../../time/time-limit.js';
import { isSteeringHeader, normalizeHeaderName } from './steering-headers.js';
import type { Caller } from '../../resource-server/access/caller.js';

/** A request that is about to go to a downstream. It does not have its token yet: no hook sees the token. */
export interface DownstreamRequest {
  /** Name of the downstream. */
  readonly downstream: string;
  /** Name of the tool that calls it. */
  readonly tool: string;
  /** The caller to act for; `undefined` for an anonymous call. */
  readonly caller: Caller | undefined;
  /** HTTP method, in capitals. */
  readonly method: string;
  /** Where the request goes. */
  readonly url: URL;
  /**
   * May be changed. Headers that identify the sender (`Authorization`, `DPoP`, `Cookie`, `Host`) are removed
   * afterwards.
   */
  readonly headers: Headers;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
}

/** A downstream's answer. */
export interface DownstreamResponse {
  /** HTTP status. */
  readonly status: number;
  /** Headers of the answer. */
  readonly headers: Headers;
  /** Milliseconds from sending the request to the beginning of the answer. */
  readonly durationMs: number;
}

/**
 * When the circuit breakers stop requests to an API for a while. Each caller has one. There is one for all callers, which
 * opens if the API fails for at least two of them. No caller can open it alone.
 */
export interface CircuitBreakerOptions {
  /**
   * Share of a caller's requests, above 0 and below 1, that may fail: with a 5xx status, a time-out, or no answer. It is
   * also the share of callers for whom more may fail. Defaults to 0.5.
   */
  threshold?: number;
  /**
   * Requests in about half a minute that a breaker needs before it judges. In the breaker for all, one caller counts for
   * half of them at most. Defaults to 20.
   */
  minimumRequests?: number;
  /**
   * Milliseconds without requests. After them a single request tries, and another one each time that so many are over,
   * also while the one before has no answer yet. Defaults to 2 000.
   */
  pauseMs?: number;
}

/** How a downstream is called. */
export interface DownstreamHttpOptions {
  /**
   * Milliseconds that one attempt may take until its answer begins, and the longest pause between its bytes. Defaults
   * to 10 000.
   */
  timeoutMs?: number;
  /**
   * Milliseconds until an answer has to begin in all. That includes the token, the wait for `maxConcurrent`, retries
   * and their pauses. `json` has as much again to read the body. Defaults to 30 000.
   */
  deadlineMs?: number;
  /**
   * How often a request is sent again after 429, 502, 503, 504, or a failed connection. Applies to GET, HEAD, OPTIONS,
   * PUT and DELETE, and to any request with an `Idempotency-Key`, if the body can be sent again. Defaults to 2.
   */
  retries?: number;
  /**
   * Requests that run at once; others wait, and users take turns. As many late ones may run besides, unless
   * `adaptConcurrency` is `false`. Defaults to 100.
   */
  maxConcurrent?: number;
  /** Requests that wait at once; further ones fail, those of the user with most waiting first. Defaults to 1 000. */
  maxQueued?: number;
  /**
   * Milliseconds that a request waits for its turn at most. While the API answers nothing, none waits. Defaults to half
   * of `timeoutMs`.
   */
  maxWaitMs?: number;
  /**
   * Whether fewer requests than `maxConcurrent` run at once while the API is slower than usual, or does not answer: down
   * to one, and up again with each answer. Applies to the API, to each tool, and to each user of a tool. Late requests
   * keep no place from others. Defaults to `true`.
   */
  adaptConcurrency?: boolean;
  /** When the circuit breaker opens; `false` for never. */
  circuitBreaker?: CircuitBreakerOptions | false;
  /** Bytes that `json` reads at most. Defaults to 10 MiB. */
  maxJsonSize?: number;
  /**
   * Dispatcher of undici, for proxies and certificates: `new ProxyAgent(url)`, `new Agent({ connect: { ca } })`. Its
   * creator closes it. Defaults to the downstream's own agent, with keep-alive.
   */
  dispatcher?: Dispatcher;
  /**
   * Names of headers that tools may set although APIs trust them as the word of their own proxies:
   * `['x-forwarded-for', 'x-http-method-override']`. This gives up that a tool, and whoever steers it, cannot choose
   * them. Defaults to none: such a header is an error. `onRequest` may set any of them.
   */
  letToolsSteerProxies?: readonly string[];
  /** Called before each attempt, including redirects within `baseUrl`. An error that it throws fails the call. */
  onRequest?: (request: DownstreamRequest) => void | Promise<void>;
  /** Called with the answer to each attempt. An error that it throws fails the call. */
  onResponse?: (response: DownstreamResponse, request: DownstreamRequest) => void | Promise<void>;
}

/** {@link DownstreamHttpOptions} with the defaults filled in. */
export type ResolvedDownstreamHttp = Required<
  Omit<DownstreamHttpOptions, 'circuitBreaker' | 'dispatcher' | 'letToolsSteerProxies' | 'onRequest' | 'onResponse'>
> &
  Pick<DownstreamHttpOptions, 'dispatcher' | 'onRequest' | 'onResponse'> & {
    readonly circuitBreaker: Required<CircuitBreakerOptions> | undefined;
    /** As `normalizeHeaderName` spells them. */
    readonly letToolsSteerProxies: ReadonlySet<string>;
  };

const milliseconds = z
  .number()
  .positive('has to be a positive number of milliseconds')
  .max(LONGEST_TIMEOUT, `has to be at most ${LONGEST_TIMEOUT} milliseconds`);

const PART = 'has to be above 0 and below 1';

const hook = z.custom<(...args: never[]) => void>(
  (value) => typeof value === 'function',
  'is not a function. Give one, or remove it',
);

/** Schema of {@link DownstreamHttpOptions}. */
export const downstreamHttpSchema = z.strictObject({
  timeoutMs: milliseconds.optional(),
  deadlineMs: milliseconds.optional(),
  retries: z.int().min(0, 'has to be 0 or more').max(10, 'has to be at most 10').optional(),
  maxConcurrent: z.int().positive('has to be a positive number of requests').optional(),
  maxQueued: z.int().min(0, 'has to be 0 or more').optional(),
  maxWaitMs: milliseconds.optional(),
  adaptConcurrency: z.boolean().optional(),
  circuitBreaker: z
    .union(
      [
        z.literal(false),
        z.strictObject({
          threshold: z.number().gt(0, PART).lt(1, PART).optional(),
          minimumRequests: z.int().positive('has to be a positive number of requests').optional(),
          pauseMs: milliseconds.optional(),
        }),
      ],
      {
        error:
          'is neither `false` nor an object with `threshold` (above 0, below 1), `minimumRequests` and `pauseMs`. Correct it, or remove it',
      },
    )
    .optional(),
  maxJsonSize: z.int().positive('has to be a positive number of bytes').optional(),
  dispatcher: z
    .custom<Dispatcher>(
      (value) => typeof (value as Dispatcher | null | undefined)?.dispatch === 'function',
      'is not a dispatcher of undici. Give one, such as `new ProxyAgent(url)`',
    )
    .optional(),
  letToolsSteerProxies: z
    .array(z.string().refine(isSteeringHeader, 'is no header that tools may not set. Check its spelling, or remove it'))
    .optional(),
  onRequest: hook.optional(),
  onResponse: hook.optional(),
});

/** Fills in the defaults. */
export function resolveDownstreamHttp(options: DownstreamHttpOptions = {}): ResolvedDownstreamHttp {
  const { circuitBreaker = {}, letToolsSteerProxies = [], timeoutMs = 10_000, ...rest } = options;
  return {
    timeoutMs,
    deadlineMs: 30_000,
    retries: 2,
    maxConcurrent: 100,
    maxQueued: 1_000,
    maxWaitMs: timeoutMs / 2,
    adaptConcurrency: true,
    maxJsonSize: 10 * 1024 * 1024,
    ...rest,
    letToolsSteerProxies: new Set(letToolsSteerProxies.map(normalizeHeaderName)),
    circuitBreaker: circuitBreaker
      ? { threshold: 0.5, minimumRequests: 20, pauseMs: TRIAL_INTERVAL, ...circuitBreaker }
      : undefined,
  };
}

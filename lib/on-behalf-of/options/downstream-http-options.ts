import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { LONGEST_TIMEOUT } from '../../time/time-limit.js';
import type { Caller } from '../../resource-server/access/caller.js';

/** A request that is about to go to a downstream. It has no token yet, and no hook gets to see it. */
export interface DownstreamRequest {
  /** Name of the downstream. */
  readonly downstream: string;
  /** Name of the tool that calls it. */
  readonly tool: string;
  /** On whose behalf; `undefined` where nobody had to say who they are. */
  readonly caller: Caller | undefined;
  /** Method of HTTP, in capitals. */
  readonly method: string;
  /** Where it goes. */
  readonly url: URL;
  /** May be changed. What says who asks (`Authorization`, `DPoP`, `Cookie`, `Host`) is taken out again. */
  readonly headers: Headers;
  /** 1 for the first time that it is sent. */
  readonly attempt: number;
}

/** What a downstream answered. */
export interface DownstreamResponse {
  /** HTTP status. */
  readonly status: number;
  /** Headers of the answer. */
  readonly headers: Headers;
  /** Milliseconds from sending the request to the beginning of the answer. */
  readonly durationMs: number;
}

/** When an API is left alone for a while. */
export interface CircuitBreakerOptions {
  /** Part of the requests, above 0 and below 1, that may fail: by a status of 5xx, a time-out, or no answer. Defaults to 0.5. */
  threshold?: number;
  /** Requests within about half a minute below which nothing is concluded. Defaults to 20. */
  minimumRequests?: number;
  /** Milliseconds for which nobody asks; then one request tries. Defaults to 5 000. */
  pauseMs?: number;
}

/** How a downstream is called. */
export interface DownstreamHttpOptions {
  /** Milliseconds that one attempt may take until its answer begins, and that may pass without a byte of it. Defaults to 10 000. */
  timeoutMs?: number;
  /**
   * Milliseconds until an answer has to begin in all: the token, a place among `maxConcurrent`, retries and their pauses.
   * `json` has as much once more to read it. Defaults to 30 000.
   */
  deadlineMs?: number;
  /**
   * How often a request is sent again after 429, 502, 503, 504, or where the connection failed. Only GET, HEAD, OPTIONS,
   * PUT and DELETE, and any with an `Idempotency-Key`, whose body can be sent again. Defaults to 2.
   */
  retries?: number;
  /** Requests that run at once; others wait. Defaults to 100. */
  maxConcurrent?: number;
  /** Requests that wait at once; others fail. Defaults to 1 000. */
  maxQueued?: number;
  /** When the API is left alone for a while; `false` never. */
  circuitBreaker?: CircuitBreakerOptions | false;
  /** Bytes that `json` reads at most. Defaults to 10 MiB. */
  maxJsonSize?: number;
  /**
   * Dispatcher of undici, for proxies and certificates: `new ProxyAgent(url)`, `new Agent({ connect: { ca } })`. Whoever
   * makes it closes it. Defaults to an agent of the downstream's own, with keep-alive.
   */
  dispatcher?: Dispatcher;
  /** Called before each attempt, redirects within `baseUrl` included. What it throws fails the call. */
  onRequest?: (request: DownstreamRequest) => void | Promise<void>;
  /** Called with each answer to those. What it throws fails the call. */
  onResponse?: (response: DownstreamResponse, request: DownstreamRequest) => void | Promise<void>;
}

/** {@link DownstreamHttpOptions} with the defaults filled in. */
export type ResolvedDownstreamHttp = Required<
  Omit<DownstreamHttpOptions, 'circuitBreaker' | 'dispatcher' | 'onRequest' | 'onResponse'>
> &
  Pick<DownstreamHttpOptions, 'dispatcher' | 'onRequest' | 'onResponse'> & {
    readonly circuitBreaker: Required<CircuitBreakerOptions> | undefined;
  };

const milliseconds = z
  .number()
  .positive('has to be a positive number of milliseconds')
  .max(LONGEST_TIMEOUT, `has to be at most ${LONGEST_TIMEOUT} milliseconds`);

const hook = z.custom<(...args: never[]) => void>(
  (value) => typeof value === 'function',
  'is not a function. Give one, or remove it',
);

/** The form of {@link DownstreamHttpOptions}. */
export const downstreamHttpSchema = z.strictObject({
  timeoutMs: milliseconds.optional(),
  deadlineMs: milliseconds.optional(),
  retries: z.int().min(0, 'has to be 0 or more').max(10, 'has to be at most 10').optional(),
  maxConcurrent: z.int().positive('has to be a positive number of requests').optional(),
  maxQueued: z.int().min(0, 'has to be 0 or more').optional(),
  circuitBreaker: z
    .union(
      [
        z.literal(false),
        z.strictObject({
          threshold: z.number().gt(0).lt(1).optional(),
          minimumRequests: z.int().positive().optional(),
          pauseMs: milliseconds.optional(),
        }),
      ],
      {
        error:
          'is neither `false` nor an object of `threshold` (above 0, below 1), `minimumRequests` and `pauseMs`. Correct it, or remove it',
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
  onRequest: hook.optional(),
  onResponse: hook.optional(),
});

/** Fills in the defaults. */
export function resolveDownstreamHttp(options: DownstreamHttpOptions = {}): ResolvedDownstreamHttp {
  const { circuitBreaker = {}, ...rest } = options;
  return {
    timeoutMs: 10_000,
    deadlineMs: 30_000,
    retries: 2,
    maxConcurrent: 100,
    maxQueued: 1_000,
    maxJsonSize: 10 * 1024 * 1024,
    ...rest,
    circuitBreaker: circuitBreaker
      ? { threshold: 0.5, minimumRequests: 20, pauseMs: 5_000, ...circuitBreaker }
      : undefined,
  };
}

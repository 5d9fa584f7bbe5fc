import { createHash } from 'node:crypto';
import type { ExecutionContext, Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  ThrottlerGuard,
  type ThrottlerGetTrackerFunction,
  type ThrottlerLimitDetail,
  type ThrottlerModuleOptions,
  type ThrottlerOptions,
  type ThrottlerRequest,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import { toReadable } from '../../errors/reason.js';
import { readAddress } from '../../limits/caller-address.js';
import type { Caller } from '../access/caller.js';
import { trackBy, type OwnThrottlers } from './own-throttlers.js';
import { RateLimitException } from './rate-limit-exception.js';
import { CLIENTS_OF_USER } from '../../limits/limit-options.js';
import type { RateLimit, ResolvedRateLimits } from '../../limits/rate-limit-options.js';

/** Name of the throttler of all requests of a caller. */
const ALL_REQUESTS = 'mcp-caller';

/** What a request is for. */
export interface LimitedTarget {
  /** Method of the message, and what it is for: `tools/call` and the name of the tool. */
  readonly names: readonly [method: string, name: string];
  /** The class and the method that `@Throttle()` may be on; `undefined` for a rule of `@ProtectedMcp`. */
  readonly decorated: { readonly type: Type; readonly method: (...args: never[]) => unknown } | undefined;
}

/** A request of a caller, as throttlers see it. The class and the method are those of the tool. */
export class LimitedRequest extends ExecutionContextHost {
  /**
   * @param method - of the message
   * @param target - `undefined` for a request that is for no tool, prompt or resource
   * @param http - the request and its response
   */
  constructor(
    readonly caller: Caller | undefined,
    readonly method: string | undefined,
    readonly target: LimitedTarget | undefined,
    http: readonly [request: unknown, response: unknown],
  ) {
    super([...http], target?.decorated?.type ?? LimitedRequest, target?.decorated?.method ?? isNotDecorated);
  }
}

/** Stands for a method where there is none. */
function isNotDecorated(): boolean {
  return true;
}

/** The guard of `@nestjs/throttler`, for the tools of one server. Whom it counts is a caller. */
export class OperationThrottler extends ThrottlerGuard {
  /**
   * @param resource - of the server. Each server counts for itself, also in a storage that they share
   * @param application - options of the application's `ThrottlerModule`
   * @param guards - count calls by these options in place of this
   * @param users - counts for users, in this process
   */
  constructor(
    private readonly resource: string,
    limits: ResolvedRateLimits,
    application: ThrottlerModuleOptions,
    guards: OwnThrottlers,
    storage: ThrottlerStorage,
    private readonly users: ThrottlerStorage,
  ) {
    super(combineOptions(resource, limits, application, guards), storage, new Reflector());
  }

  /** Names of the throttlers. */
  get names(): readonly string[] {
    return this.throttlers.map(({ name = '' }) => name);
  }

  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    try {
      const isLetIn = await super.handleRequest(this.#isOwn(request) ? this.#trackByOwn(request) : request);
      await this.#countUser(request);
      return isLetIn;
    } catch (thrown) {
      const error = toReadable(thrown);
      if (!(error instanceof BlockedError)) throw error;
      const { message, seconds, allowed } = error;
      const { name = 'default' } = request.throttler;
      const { res } = this.getRequestResponse(request.context);
      // A throttler with a name says it in `Retry-After-<name>`, which no client reads.
      this.setResponseHeader(res, 'Retry-After', seconds);
      throw new RateLimitException(message, {
        method: readLimited(request.context).method,
        retryAfterSeconds: seconds,
        throttler: name,
        allowed: { limit: allowed.limit, ttlMs: allowed.ttl },
      });
    }
  }

  /** Whether the application says whom a request counts for. */
  #isOwn({ getTracker }: ThrottlerRequest): boolean {
    return getTracker !== this.commonOptions.getTracker;
  }

  #trackByOwn(request: ThrottlerRequest): ThrottlerRequest {
    const trackCaller = this.commonOptions.getTracker as ThrottlerGetTrackerFunction;
    // Trackers look for the user where guards of routes put it.
    const own: ThrottlerGetTrackerFunction = (req, context) =>
      request.getTracker(Object.create(req, { user: { value: readLimited(context).caller } }) as typeof req, context);
    return { ...request, getTracker: trackBy(own, trackCaller) };
  }

  /** Clients can be registered at will. All clients of a user together may do as much as four. */
  async #countUser(request: ThrottlerRequest): Promise<void> {
    const { context, limit, ttl, blockDuration, throttler } = request;
    const { caller } = readLimited(context);
    if (caller?.clientId === undefined || this.#isOwn(request)) return;
    const { name = 'default' } = throttler;
    const tracker = JSON.stringify([this.resource, caller.issuer, caller.subject]);
    const target = name === ALL_REQUESTS ? undefined : findTarget(context);
    const key = hash(['user', name, ...(target?.names ?? []), tracker]);
    const ofUser = limit * CLIENTS_OF_USER;
    const record = await this.users.increment(key, ttl, ofUser, blockDuration, name);
    if (record.isBlocked) await this.throwThrottlingException(context, { limit: ofUser, ttl, key, tracker, ...record });
  }

  protected override async throwThrottlingException(
    context: ExecutionContext,
    detail: ThrottlerLimitDetail,
  ): Promise<void> {
    const seconds = Math.max(1, Math.ceil(detail.timeToBlockExpire));
    throw new BlockedError(await this.getErrorMessage(context, detail), seconds, detail);
  }
}

class BlockedError extends Error {
  constructor(
    message: string,
    readonly seconds: number,
    readonly allowed: Pick<ThrottlerLimitDetail, 'limit' | 'ttl'>,
  ) {
    super(message);
  }
}

/** The throttlers of the application, or else that of `perTool`; and that of `perCaller`. */
function combineOptions(
  resource: string,
  { perCaller, perTool }: ResolvedRateLimits,
  application: ThrottlerModuleOptions,
  guards: OwnThrottlers,
): ThrottlerModuleOptions {
  const common = Array.isArray(application) ? { throttlers: application } : application;
  const { skipIf: skipAll, getTracker: trackAll, ignoreUserAgents, ...rest } = common;
  const isCounted = ({ decorated }: LimitedTarget) =>
    common.throttlers.length > 0 && decorated !== undefined && guards.count(decorated);
  const own = common.throttlers.length > 0 ? common.throttlers : perTool ? [toThrottler('default', perTool)] : [];
  const ofTools = own.map(({ getTracker = trackAll, skipIf = skipAll, ...throttler }) => ({
    ...(ignoreUserAgents && { ignoreUserAgents }),
    ...throttler,
    ...(getTracker && { getTracker }),
    skipIf: (context: ExecutionContext) => {
      const target = findTarget(context);
      return !target || isCounted(target) || (skipIf?.(context) ?? false);
    },
  }));
  const ofCallers = perCaller && {
    ...toThrottler(ALL_REQUESTS, perCaller),
    setHeaders: false,
    generateKey: (_context: ExecutionContext, tracker: string) => hash([ALL_REQUESTS, tracker]),
  };
  return {
    errorMessage: 'Too many requests',
    generateKey: (context, tracker, name) => hash([name, ...(findTarget(context)?.names ?? []), tracker]),
    ...rest,
    getTracker: (request, context) => identifyCaller(resource, request, context),
    throttlers: [...ofTools, ...(ofCallers ? [ofCallers] : [])],
  };
}

function toThrottler(name: string, { limit, ttlMs }: RateLimit): ThrottlerOptions {
  return { name, limit, ttl: ttlMs };
}

/** Nothing else is ever counted here: `RateLimits` makes the context of each request. */
function readLimited(context: ExecutionContext): LimitedRequest {
  return context as LimitedRequest;
}

function findTarget(context: ExecutionContext): LimitedTarget | undefined {
  return readLimited(context).target;
}

/** Without a token there is only the address. A connection without HTTP has none. */
function identifyCaller(resource: string, request: Record<string, unknown>, context: ExecutionContext): string {
  const { caller } = readLimited(context);
  if (caller) return JSON.stringify([resource, caller.issuer, caller.subject, caller.clientId ?? null]);
  return JSON.stringify([resource, readAddress(request) ?? null]);
}

/** The parts of a key say who called what. A storage outside this process does not learn them. */
function hash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

import { HttpException, HttpStatus, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerGetTrackerFunction } from '@nestjs/throttler';
import { LimitError } from '../../errors/limit-error.js';
import { readAddress } from '../../limits/caller-address.js';
import { countLimited } from '../../observability/metrics.js';
import { identifyParty } from '../../resource-server/access/party.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { isOwnThrottler, trackBy } from '../../resource-server/rate-limits/own-throttlers.js';
import { isMcp } from './mcp-execution-context.js';
import type { StandInResponse } from './stand-in-response.js';
import { watchGuard } from './watched-enhancers.js';

/** A guard of the application has counted a call, and refuses it. */
export class ThrottledError extends LimitError {
  /**
   * @param message - of the guard
   * @param retryAfterMs - milliseconds after which to try again; `undefined` if the guard does not say it
   */
  constructor(message: string, retryAfterMs: number | undefined) {
    super('caller_limit_reached', 'calls', message);
    if (retryAfterMs !== undefined) Object.assign(this, { retryAfterMs });
  }
}

/** What a guard of `@nestjs/throttler` keeps of its options. */
interface Trackers {
  readonly options: { readonly getTracker?: unknown };
  readonly commonOptions?: { getTracker: ThrottlerGetTrackerFunction };
  readonly throttlers?: { getTracker?: ThrottlerGetTrackerFunction }[];
  readonly getTracker: unknown;
}

const prepared = new WeakSet();
const refusals = new WeakMap<HttpException, string>();

/** `RateLimits` has counted a call for its caller. The guard of the package would count it again, by an address. */
export function isCountedBefore(guard: unknown): boolean {
  return guard instanceof ThrottlerGuard && !isOwnThrottler(guard);
}

/** Selects the guards that run for a call, and prepares those of the application that count it. */
export function selectGuards(guards: readonly unknown[]): readonly CanActivate[] {
  return guards
    .filter((guard) => !isCountedBefore(guard))
    .map((guard) => (isOwnThrottler(guard) ? watchThrottler(guard) : watchGuard(guard as CanActivate)));
}

/** Makes what a guard that counts calls has thrown a limit. Anything else stays what it is. */
export function toThrottledError(error: unknown, response: StandInResponse): unknown {
  const guard = error instanceof HttpException && refusals.get(error);
  if (!guard) return error;
  countLimited(guard);
  const seconds = response.getHeaderNames().flatMap((name) => {
    const value = name.startsWith('retry-after') ? Number(response.getHeader(name)) : NaN;
    return value > 0 ? [value] : [];
  });
  return new ThrottledError(error.message, seconds.length > 0 ? Math.max(...seconds) * 1000 : undefined);
}

function watchThrottler(guard: ThrottlerGuard): CanActivate {
  countCallers(guard);
  const watched = watchGuard(guard);
  return {
    canActivate: async (context) => {
      try {
        return (await watched.canActivate(context)) as boolean;
      } catch (error) {
        if (error instanceof HttpException && error.getStatus() === (HttpStatus.TOO_MANY_REQUESTS as number))
          refusals.set(error, guard.constructor.name);
        throw error;
      }
    },
  };
}

/**
 * Makes a guard count calls by its own tracker, and by the caller if it has none: its default is the address, which all
 * callers behind a proxy share.
 */
function countCallers(guard: ThrottlerGuard): void {
  const { options, commonOptions, throttlers = [], getTracker } = guard as unknown as Trackers;
  // Nest does not initialise the guards that it makes for each request.
  if (!commonOptions || prepared.has(guard)) return;
  prepared.add(guard);
  const { getTracker: inherited } = ThrottlerGuard.prototype as unknown as Trackers;
  const common = commonOptions.getTracker;
  const isDefault = options.getTracker === undefined && getTracker === inherited;
  commonOptions.getTracker = forCalls(common, isDefault ? trackCaller : trackBy(common, trackCaller));
  for (const throttler of throttlers) {
    const { getTracker: own } = throttler;
    if (own) throttler.getTracker = forCalls(own, trackBy(own, trackCaller));
  }
}

function forCalls(ofRoutes: ThrottlerGetTrackerFunction, ofCalls: ThrottlerGetTrackerFunction) {
  const getTracker: ThrottlerGetTrackerFunction = (request, context) =>
    isMcp(context) ? ofCalls(request, context) : ofRoutes(request, context);
  return getTracker;
}

function trackCaller(request: Record<string, unknown>, context: ExecutionContext): string {
  const { caller } = context.getArgByIndex<McpContext>(0);
  return JSON.stringify(identifyParty(caller) ?? readAddress(request) ?? null);
}

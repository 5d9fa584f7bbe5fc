import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import type { ApplicationConfig } from '@nestjs/core';
import { ThrottlerGuard, type ThrottlerGetTrackerFunction } from '@nestjs/throttler';

/** Whether a guard is a class of the application that extends the guard of `@nestjs/throttler`. */
export function isOwnThrottler(guard: unknown): guard is ThrottlerGuard {
  return guard instanceof ThrottlerGuard && guard.constructor !== ThrottlerGuard;
}

/** Finds out which calls of methods a guard of the application counts. Nest runs it for each of these. */
export class OwnThrottlers {
  readonly #known = new WeakMap<object, boolean>();

  constructor(private readonly config: ApplicationConfig) {}

  /** @param decorated - the class and the method that answer */
  count({ type, method }: { readonly type: object; readonly method: object }): boolean {
    const known = this.#known.get(method);
    if (known !== undefined) return known;
    const requestScoped = this.config.getGlobalRequestGuards().map(({ metatype }) => metatype);
    const bound = [type, method].flatMap((target) => (Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as unknown[]);
    const isCounted = [...this.config.getGlobalGuards(), ...requestScoped, ...bound].some(
      (guard) => isOwnThrottler(guard) || isOwnThrottler((guard as { prototype?: unknown } | null)?.prototype),
    );
    this.#known.set(method, isCounted);
    return isCounted;
  }
}

/**
 * Calls a tracker of the application. What it was not written for has no tracker, such as a caller without the `id` that
 * users of its routes have: all callers would be one.
 */
export function trackBy(
  own: ThrottlerGetTrackerFunction,
  trackCaller: ThrottlerGetTrackerFunction,
): ThrottlerGetTrackerFunction {
  return async (request, context) => {
    const tracker: unknown = await own(request, context);
    const isThere = (typeof tracker === 'string' && tracker !== '') || typeof tracker === 'number';
    return isThere ? String(tracker) : await trackCaller(request, context);
  };
}

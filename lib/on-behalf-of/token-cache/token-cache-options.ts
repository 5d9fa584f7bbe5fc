import { z } from 'zod';

/** How many exchanged tokens a process keeps, and for how long it uses its copy of a shared one. */
export interface TokenCacheOptions {
  /** Tokens kept in the memory of this process; the least recently used go first. Defaults to 10 000. */
  maxEntries?: number;
  /**
   * Milliseconds, 0 to 60 000, for which a token is used without asking `replicas.store` again. A revocation by another
   * process takes effect after that time at the latest. Defaults to 5 000.
   */
  localMaxAgeMs?: number;
}

/** Schema of {@link TokenCacheOptions}. */
export const tokenCacheSchema = z.strictObject({
  maxEntries: z.int().positive('has to be a positive number of tokens').optional(),
  localMaxAgeMs: z
    .custom<number>(
      (value) => typeof value === 'number' && value >= 0 && value <= 60_000,
      'is not between 0 and 60000 milliseconds. Choose a value in between',
    )
    .optional(),
});

/** {@link TokenCacheOptions} with the defaults filled in. */
export interface ResolvedTokenCache {
  readonly maxEntries: number;
  /** Milliseconds for which a copy is used without asking the shared store. */
  readonly localMaxAgeMs: number;
}

/** Fills in the defaults. */
export function resolveTokenCache({
  maxEntries = 10_000,
  localMaxAgeMs = 5_000,
}: TokenCacheOptions = {}): ResolvedTokenCache {
  return { maxEntries, localMaxAgeMs: localMaxAgeMs };
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly tokenCache: ResolvedTokenCache;
  }
}

import { z } from 'zod';

/** How a process uses its copies of exchanged tokens. How many it keeps is in `limits`. */
export interface TokenCacheOptions {
  /**
   * Milliseconds, 0 to 60 000, for which a token is used without asking `replicas.store` again. A revocation by another
   * process takes effect after that time at the latest. Defaults to 5 000.
   */
  localMaxAgeMs?: number;
}

/** Schema of {@link TokenCacheOptions}. */
export const tokenCacheSchema = z.strictObject({
  localMaxAgeMs: z
    .custom<number>(
      (value) => typeof value === 'number' && value >= 0 && value <= 60_000,
      'is not between 0 and 60000 milliseconds. Choose a value in between',
    )
    .optional(),
});

/** {@link TokenCacheOptions} with the defaults filled in. */
export interface ResolvedTokenCache {
  /** Milliseconds for which a copy is used without asking the shared store. */
  readonly localMaxAgeMs: number;
}

/** Fills in the defaults. */
export function resolveTokenCache({ localMaxAgeMs = 5_000 }: TokenCacheOptions = {}): ResolvedTokenCache {
  return { localMaxAgeMs };
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly tokenCache: ResolvedTokenCache;
  }
}

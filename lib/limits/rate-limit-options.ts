import { z } from 'zod';

/** A number of requests in a time. */
export interface RateLimit {
  /** Requests that are served. */
  limit: number;
  /** The time in milliseconds, as `ttl` of `@nestjs/throttler`. A caller who asks for more waits as long. */
  ttlMs: number;
}

/**
 * How often one caller may ask (MCP specification, Tools, Security Considerations). A caller is an issuer, a subject and
 * a client. Callers without a token are told apart by their address, as Express or Fastify reads it.
 */
export interface RateLimitOptions {
  /** All requests of one caller to this server. Defaults to 1 200 in 60 000 ms. */
  perCaller?: RateLimit;
  /**
   * Requests of one caller for one tool, prompt or resource, unless its `@Throttle()` says otherwise. The throttlers of
   * an application's `ThrottlerModule` take its place. Defaults to 600 in 60 000 ms.
   */
  perTool?: RateLimit;
  /**
   * Serves every request, although servers must limit the calls of tools. Only the throttlers of an application's
   * `ThrottlerModule` are left.
   */
  acceptUnlimitedRequests?: true;
}

const rateLimit = z.strictObject({
  limit: z.int().positive('has to be a positive number of requests'),
  ttlMs: z.int().positive('has to be a positive number of milliseconds'),
});

/** Schema of {@link RateLimitOptions}. */
export const rateLimitSchema = z
  .strictObject({
    perCaller: rateLimit.optional(),
    perTool: rateLimit.optional(),
    acceptUnlimitedRequests: z.literal(true).optional(),
  })
  .superRefine((options, context) => {
    for (const option of ['perCaller', 'perTool'] as const) {
      if (!options.acceptUnlimitedRequests || options[option] === undefined) continue;
      const message = 'has no effect beside `acceptUnlimitedRequests`. Remove one of the two';
      context.addIssue({ code: 'custom', path: [option], message });
    }
  });

/** The limits, with the defaults filled in. */
export interface ResolvedRateLimits {
  /** `undefined` if every request is served. */
  readonly perCaller: Readonly<RateLimit> | undefined;
  /** `undefined` if every request is served. */
  readonly perTool: Readonly<RateLimit> | undefined;
  /** Whether `perTool` is configured. */
  readonly isPerToolGiven: boolean;
}

const MINUTE = 60_000;

/** Fills in the defaults. */
export function resolveRateLimits({
  perCaller = { limit: 1_200, ttlMs: MINUTE },
  perTool,
  acceptUnlimitedRequests,
}: RateLimitOptions = {}): ResolvedRateLimits {
  if (acceptUnlimitedRequests) return { perCaller: undefined, perTool: undefined, isPerToolGiven: false };
  return {
    perCaller,
    perTool: perTool ?? { limit: 600, ttlMs: MINUTE },
    isPerToolGiven: perTool !== undefined,
  };
}

declare module '../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly rateLimits: ResolvedRateLimits;
  }
}

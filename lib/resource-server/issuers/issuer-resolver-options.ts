import { z } from 'zod';
import { findBackendUrlProblem } from '../../options/option-rules.js';
import { createTextSchema, text } from '../../options/text-schema.js';
import { findPatternProblem } from './issuer-pattern.js';
import type { IssuerOptions } from './issuer-options.js';
import type { ResolvedIssuer } from './resolved-issuer.js';

/** Issuers that are not known at boot, such as a realm for each tenant of a product. */
export interface IssuerResolverOptions {
  /**
   * The values of `iss` that are asked about, as a URL with `*` for one label of the host, or one segment of the path:
   * `https://id.acme.example/realms/*`. The last two labels of the host have to be fixed. Tokens with another `iss` are
   * refused without a question. Other options, such as `client.issuer` and `byIssuer`, name all of these issuers by it.
   */
  pattern: string;
  /**
   * Finds an issuer. It has to look the tenant up: whoever can have an issuer within the pattern could otherwise issue
   * tokens for this server.
   *
   * @param iss - of a token that is not verified yet, within the pattern
   * @returns the options of the issuer, whose tokens have this very `iss`, or `undefined` if it is not accepted
   */
  resolve: (iss: string) => IssuerOptions | undefined | Promise<IssuerOptions | undefined>;
  /**
   * Issuers that clients are told (`authorization_servers`, RFC 9728), besides those of `issuers`. Needed without
   * `issuers`.
   */
  advertised?: readonly string[];
  /**
   * Milliseconds, 1 000 to 3 600 000, for which an answer holds. While `resolve` fails, the last one holds for an hour.
   * Defaults to 300 000. `undefined` holds for a minute at most.
   */
  cacheMs?: number;
  /** Most issuers that are kept, and most that are known not to be accepted. Defaults to 1 000. */
  maxIssuers?: number;
  /**
   * Accepts plain http for the pattern, for `advertised`, and for all issuers that `resolve` returns, as `acceptClearText`
   * of an issuer does. An issuer may say `false` for itself.
   */
  acceptClearText?: boolean;
}

/** Options of the resolver, with the defaults filled in. */
export interface ResolvedIssuerResolver {
  readonly pattern: string;
  readonly advertised: readonly string[];
  /** Milliseconds. */
  readonly cacheMs: number;
  readonly maxIssuers: number;
  readonly acceptClearText: boolean;
  readonly resolve: IssuerResolverOptions['resolve'];
  /**
   * Checks what `resolve` returned, and fills in the defaults.
   *
   * @throws {@link McpAuthConfigurationError} if it is not usable
   */
  readonly complete: (options: IssuerOptions, iss: string) => ResolvedIssuer;
}

const CACHE = 300_000;
const MAX_ISSUERS = 1_000;

/** Schema of {@link IssuerResolverOptions}. */
export const issuerResolverSchema = z
  .strictObject({
    pattern: createTextSchema(findPatternProblem),
    resolve: z.custom<IssuerResolverOptions['resolve']>(
      (value) => typeof value === 'function',
      'is not a function. Give one that takes an `iss` and returns the options of its issuer, or `undefined`',
    ),
    advertised: z.array(text).min(1, 'is empty. Name an issuer, or remove it').optional(),
    cacheMs: z
      .custom<number>(
        (value) => typeof value === 'number' && value >= 1_000 && value <= 3_600_000,
        'is not between 1000 and 3600000 milliseconds. Choose a value in between',
      )
      .optional(),
    maxIssuers: z.int().positive('has to be a positive number of issuers').optional(),
    acceptClearText: z.boolean().optional(),
  })
  .superRefine(({ pattern, advertised = [], acceptClearText }, context) => {
    const check = (value: string, path: (string | number)[]) => {
      const message = findBackendUrlProblem(value, acceptClearText);
      if (message !== undefined) context.addIssue({ code: 'custom', path, message, input: value });
    };
    check(pattern.replaceAll('*', 'tenant'), ['pattern']);
    for (const [index, value] of advertised.entries()) check(value, ['advertised', index]);
  })
  .optional();

/** Fills in the defaults. */
export function resolveIssuerResolver(
  options: IssuerResolverOptions | undefined,
  complete: ResolvedIssuerResolver['complete'],
): ResolvedIssuerResolver | undefined {
  if (!options) return undefined;
  const {
    pattern,
    resolve,
    advertised = [],
    cacheMs = CACHE,
    maxIssuers = MAX_ISSUERS,
    acceptClearText = false,
  } = options;
  return { pattern, resolve, advertised, cacheMs, maxIssuers, acceptClearText, complete };
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly issuerResolver: ResolvedIssuerResolver | undefined;
  }
}

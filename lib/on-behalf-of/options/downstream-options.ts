import { z } from 'zod';
import type { ExchangeDialect, FormParameters } from '../dialects/dialect.js';
import { RESERVED_PARAMETERS } from '../dialects/reserved-parameters.js';
import { downstreamHttpSchema, type DownstreamHttpOptions } from './downstream-http-options.js';
import { oneOrMany } from '../../options/one-or-many.js';
import { linkedAccountSchema, findProblemsBesideLinked, type LinkedAccountOptions } from './linked-account-options.js';
import {
  findBackendUrlProblem,
  findInnerPageProblem,
  findResourceScopeProblem,
  findScopeProblem,
  findUriProblem,
} from '../../options/option-rules.js';
import { createTextSchema, text } from '../../options/text-schema.js';
import { isJsonObject } from '../../json/json-object.js';

/** How to ask an authorization server for tokens for an API. */
export interface ExchangeOptions {
  /** Logical name of the API at the authorization server (RFC 8693 section 2.1, `audience`), or several. */
  audience?: string | readonly string[];
  /** URI of the API at the authorization server (RFC 8693 section 2.1, `resource`), or several. */
  resource?: string | readonly string[];
  /** Scopes to ask for. Ask for what the tools need. Without scopes the authorization server decides. */
  scopes?: readonly string[];
  /** How the provider expects the exchange: one of {@link dialects}, or your own. Defaults to `dialects.rfc8693()`. */
  dialect?: ExchangeDialect;
  /** Further parameters of the exchange request. Parameters that identify a party or carry a token cannot be set. */
  parameters?: FormParameters;
  /**
   * What callers without a user get: an error (`'deny'`), or the server's own authority (`'clientCredentials'`, RFC
   * 6749 section 4.4). Defaults to `'deny'`.
   */
  onAppOnly?: 'deny' | 'clientCredentials';
  /**
   * Maps scopes of the API to scopes of this server: `{ 'orders.write': ['orders:write'] }`. If the provider or the API
   * says that a scope is missing, clients are asked to step up to the mapped scopes. Scopes that are not mapped never
   * reach a client.
   */
  scopeMap?: Readonly<Record<string, readonly string[]>>;
  /** Page where a user can consent to the API, for clients that open pages (MCP, URL mode elicitation). */
  consentUrl?: string;
}

/** An API that tools call on behalf of the user. */
export interface DownstreamOptions extends ExchangeOptions {
  /** Absolute URL that every call stays under. The exchanged token goes to its origin and nowhere else. */
  baseUrl: string;
  /**
   * Accepts plain http to the API, in `baseUrl`, and in `consentUrl`. Tokens of users then travel in clear text, and
   * whoever listens on the way can use them. For networks of a cluster or of containers, which nobody else is in.
   */
  acceptClearText?: boolean;
  /**
   * Exchange options for callers of particular issuers. The key is the `issuer` as written in `issuers`, or the issuer
   * of one tenant. An entry is complete: it inherits nothing from the downstream's {@link ExchangeOptions}, which are
   * for callers of all other issuers.
   */
  byIssuer?: Readonly<Record<string, ExchangeOptions>>;
  /**
   * Who shares an exchanged token in the cache. `'token'`: only calls with the same token. `'session'`: calls with any
   * token of the same session (`sid`) whose claims are the same, apart from those of each token such as `jti` and `exp`.
   * Defaults to `'token'`.
   */
  cacheBy?: 'token' | 'session';
  /**
   * For an API that the callers' issuer does not reach: each user links an account there, in a browser. Replaces the
   * exchange.
   */
  linked?: LinkedAccountOptions;
  /**
   * Asks for exchanged tokens that are bound to a key of this server (DPoP, RFC 9449), so that a stolen token is
   * useless. `true` for a key that each process generates, or a key pair that replicas share. The public key has to be
   * extractable.
   */
  dpop?: true | { keyPair: CryptoKeyPair };
  /** Time-outs, retries, limits, hooks. */
  http?: DownstreamHttpOptions;
}

const scopeMap = z.custom<Readonly<Record<string, readonly string[]>>>(
  (value) =>
    isJsonObject(value) &&
    Object.entries(value).every(
      ([foreign, own]) =>
        foreign !== '' &&
        Array.isArray(own) &&
        own.length > 0 &&
        own.every((scope) => typeof scope === 'string' && findResourceScopeProblem(scope) === undefined),
    ),
  'is not a map from a scope of the API to scopes of this server. Write it as `{ "orders.write": ["orders:write"] }`',
);

const dialect = z.custom<ExchangeDialect>((value) => {
  const { name, subject, grantTypes, exchange } = (value ?? {}) as Partial<ExchangeDialect>;
  return (
    typeof name === 'string' &&
    ['caller', 'client', 'none'].includes(String(subject)) &&
    Array.isArray(grantTypes) &&
    typeof exchange === 'function'
  );
}, 'is not a dialect. Use one of `dialects`, for example `dialects.rfc8693()`, or implement ExchangeDialect');

const parameters = z
  .record(text, z.union([text, z.array(text)]))
  .refine((value) => !Object.keys(value).some((name) => RESERVED_PARAMETERS.has(name)), {
    message: `has one that is reserved (${[...RESERVED_PARAMETERS].join(', ')}). Use the options of the downstream and of its dialect`,
  });

const dpop = z.custom<true | { keyPair: CryptoKeyPair }>((value) => {
  const { keyPair } = (value ?? {}) as { keyPair?: Partial<CryptoKeyPair> };
  return value === true || (keyPair?.privateKey?.type === 'private' && keyPair.publicKey?.extractable === true);
}, 'is neither `true` nor `{ keyPair }` with a CryptoKeyPair whose public key is extractable. Use one of the two');

const NO_TARGET = 'is an empty list. Name a target, or remove it';

/** Schema of {@link ExchangeOptions}. */
const exchangeOptions = {
  audience: oneOrMany(text, NO_TARGET).optional(),
  resource: oneOrMany(createTextSchema(findUriProblem), NO_TARGET).optional(),
  scopes: z.array(createTextSchema(findScopeProblem)).optional(),
  dialect: dialect.optional(),
  parameters: parameters.optional(),
  onAppOnly: z.enum(['deny', 'clientCredentials']).optional(),
  scopeMap: scopeMap.optional(),
  consentUrl: text.optional(),
};

/** Names of {@link ExchangeOptions}. */
export const EXCHANGE_OPTIONS = Object.keys(exchangeOptions) as (keyof ExchangeOptions)[];

/** Schema of a downstream's options. */
export const downstreamSchema = z
  .strictObject({
    baseUrl: text,
    acceptClearText: z.boolean().optional(),
    ...exchangeOptions,
    byIssuer: z
      .record(text, z.strictObject(exchangeOptions))
      .refine((value) => Object.keys(value).length > 0, 'is empty. Name an issuer, or remove it')
      .optional(),
    cacheBy: z.enum(['token', 'session']).optional(),
    linked: linkedAccountSchema.optional(),
    dpop: dpop.optional(),
    http: downstreamHttpSchema.optional(),
  })
  .superRefine((options, context) => {
    const { baseUrl, acceptClearText } = options;
    const message = baseUrl === '' ? undefined : findBackendUrlProblem(baseUrl, acceptClearText);
    if (message) context.addIssue({ code: 'custom', path: ['baseUrl'], message });
    const pages = listConsentPages(options);
    for (const [path, page] of pages) {
      const problem = findInnerPageProblem(page, acceptClearText);
      if (problem) context.addIssue({ code: 'custom', path, message: problem });
    }
    if (acceptClearText && [baseUrl, ...pages.map(([, page]) => page)].every((url) => /^https:/i.test(url))) {
      const idle = 'has no effect, because `baseUrl` is https. Remove it';
      context.addIssue({ code: 'custom', path: ['acceptClearText'], message: idle });
    }
    if (options.linked && Array.isArray(options.resource)) {
      context.addIssue({
        code: 'custom',
        path: ['resource'],
        message: 'is a list. With `linked` it has to be one value',
      });
    }
    for (const [option, message] of findProblemsBesideLinked(options)) {
      context.addIssue({ code: 'custom', path: [option], message });
    }
  });

/** Pages at which users consent, with the paths of their options. */
function listConsentPages({
  consentUrl,
  byIssuer = {},
}: {
  readonly consentUrl?: string | undefined;
  readonly byIssuer?: Readonly<Record<string, { readonly consentUrl?: string | undefined }>> | undefined;
}): readonly (readonly [path: string[], page: string])[] {
  const all = [
    [['consentUrl'], consentUrl],
    ...Object.entries(byIssuer).map(([issuer, one]) => [['byIssuer', issuer, 'consentUrl'], one.consentUrl] as const),
  ] as const;
  return all.flatMap(([path, page]) => (page === undefined ? [] : [[[...path], page] as const]));
}

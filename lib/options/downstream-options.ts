import { z } from 'zod';
import type { ExchangeDialect, FormParameters } from '../exchange/dialect.js';
import { problemOfResourceScope, problemOfScope, problemOfUri, problemOfUrl } from './option-rules.js';
import { following, text } from './text-schema.js';

/** An API that tools call on behalf of the user. */
export interface DownstreamOptions {
  /** Absolute URL that every call stays under. The exchanged token goes to its origin and nowhere else. */
  baseUrl: string;
  /** Logical name of the API at the authorization server (RFC 8693 section 2.1, `audience`). */
  audience?: string;
  /** URI of the API at the authorization server (RFC 8693 section 2.1, `resource`). */
  resource?: string;
  /** Scopes to ask for. Ask for what the tools need; without them the authorization server decides. */
  scopes?: string[];
  /** How the provider spells the exchange: one of {@link dialects}, or one of your own. Defaults to `dialects.rfc8693()`. */
  dialect?: ExchangeDialect;
  /** Further parameters of the exchange's request. Those that identify somebody or carry a token cannot be set. */
  parameters?: FormParameters;
  /**
   * What callers without a user get, for whom nobody can act: an error, or the server's own authority
   * (`'clientCredentials'`, RFC 6749 section 4.4). Defaults to `'deny'`.
   */
  onAppOnly?: 'deny' | 'clientCredentials';
  /**
   * Which scopes of this server stand for a scope of the API's: `{ 'orders.write': ['orders:write'] }`. Where the
   * provider or the API says that a scope is missing, clients are asked to step up to these. What is not named here
   * never reaches a client.
   */
  scopeMap?: Readonly<Record<string, readonly string[]>>;
  /** Page where a user can consent to the API, for clients that open pages (MCP, URL mode elicitation). */
  consentUrl?: string;
  /**
   * Whose exchanged token a caller gets from the cache: of the very `'token'` that came in, or of any token of the same
   * user, session (`sid`), client and scopes. Defaults to `'token'`.
   */
  cacheBy?: 'token' | 'session';
}

const scopeMap = z.custom<Readonly<Record<string, readonly string[]>>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(
      ([foreign, own]) =>
        foreign !== '' &&
        Array.isArray(own) &&
        own.length > 0 &&
        own.every((scope) => typeof scope === 'string' && problemOfResourceScope(scope) === undefined),
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

/** Parameters that say who asks, for whom, and by which grant. */
const RESERVED = new Set([
  'grant_type',
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'assertion',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'requested_token_type',
  'requested_token_use',
  'audience',
  'resource',
  'scope',
  'claims',
  // Of older and other exchanges, which would act for somebody else.
  'requested_subject',
  'requested_issuer',
  'subject_issuer',
  'connection',
]);

const parameters = z
  .record(text, z.union([text, z.array(text)]))
  .refine((value) => !Object.keys(value).some((name) => RESERVED.has(name)), {
    message: `has one that is reserved (${[...RESERVED].join(', ')}). Use the options of the downstream and of its dialect`,
  });

/** The form of a downstream's options. */
export const downstreamSchema = z.strictObject({
  baseUrl: following(problemOfUrl),
  audience: text.optional(),
  resource: following(problemOfUri).optional(),
  scopes: z.array(following(problemOfScope)).optional(),
  dialect: dialect.optional(),
  parameters: parameters.optional(),
  onAppOnly: z.enum(['deny', 'clientCredentials']).optional(),
  scopeMap: scopeMap.optional(),
  consentUrl: following(problemOfConsentUrl).optional(),
  cacheBy: z.enum(['token', 'session']).optional(),
});

/** A page's address may have a query. */
function problemOfConsentUrl(value: string): string | undefined {
  return problemOfUrl(value.replace(/[?#].*$/s, ''));
}

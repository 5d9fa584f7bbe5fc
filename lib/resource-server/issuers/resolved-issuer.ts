import type { JSONWebKeySet } from 'jose';
import {
  SIGNING_ALGORITHMS,
  type ClaimSource,
  type IntrospectionOptions,
  type IssuerOptions,
} from './issuer-options.js';
import type { TokenClaims } from '../access/claims.js';
import type { ClientRegistration, IssuerClientRegistration } from '../clients/client-registration.js';

/** Placeholder for the tenant in the identifier of a multi-tenant issuer, as Entra ID writes it in its metadata. */
export const TENANT = '{tenantid}';

/** Placeholder for the server's `resource`, in what names the server at an issuer. */
export const RESOURCE = '{resource}';

/** Introspection options of an issuer, with the defaults filled in. */
export interface ResolvedIntrospection {
  readonly endpoint: string | undefined;
  readonly client: ClientRegistration;
  readonly tokens: RegExp | undefined;
  readonly signedResponse: string | undefined;
  /** Milliseconds. */
  readonly cacheMs: number;
  /** Milliseconds. */
  readonly acceptStaleAnswersMs: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** Where answers name the caller. */
  readonly subjectSource: ClaimSource<string>;
  /** Whether JWTs are introspected after they are verified. */
  readonly includesJwts: boolean;
  readonly acceptMissingAudience: boolean;
}

/** Options of an issuer, with the defaults filled in. */
export interface ResolvedIssuer {
  /** Contains {@link TENANT} if any tenant is accepted. */
  readonly identifier: string;
  /** `iss` of its access tokens. */
  readonly tokenIssuer: string;
  /** `issuer` of its metadata, and `iss` of its ID tokens and logout tokens. */
  readonly metadataIssuer: string;
  /** The identifier as configured, the same for all of its tenants. */
  readonly template: string;
  /** The identifier in `authorization_servers`, which clients see (RFC 9728). */
  readonly advertised: string;
  /** `tid` that its tokens must have. */
  readonly tenant: string | undefined;
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  /** In lower case, without `application/`. */
  readonly types: ReadonlySet<string>;
  readonly acceptMissingType: boolean;
  readonly acceptNonce: boolean;
  /** Claims that JWTs must have. */
  readonly requiredClaims: readonly string[];
  /** Accepted values by claim, for JWTs and introspection answers. */
  readonly requiredValues: ReadonlyMap<string, readonly string[]>;
  readonly acceptMissingAudience: boolean;
  /** Milliseconds for which keys that are no longer fresh are used. */
  readonly staleKeysMs: number;
  /** Seconds, like the claims that it applies to. */
  readonly clockToleranceSeconds: number;
  /** Seconds by which `iat` may be ahead of our clock. */
  readonly issuedAheadSeconds: number;
  readonly scopeSources: readonly ClaimSource<readonly string[]>[];
  readonly subjectSource: ClaimSource<string>;
  /** Whether a token without a subject is one of its client. */
  readonly acceptMissingSubject: boolean;
  readonly clientIdSources: readonly ClaimSource<string>[];
  readonly appOnly: ((claims: TokenClaims) => boolean) | undefined;
  readonly scopePrefix: string;
  readonly clients: ReadonlySet<string> | undefined;
  readonly maxActors: number;
  readonly acceptOwnTokens: boolean;
  readonly acceptClearText: boolean;
  readonly validate: IssuerOptions['validate'] | undefined;
  readonly metadataUrl: string | undefined;
  readonly jwks: JSONWebKeySet | undefined;
  readonly introspection: ResolvedIntrospection | undefined;
}

/** Milliseconds by which the issuer's clock and ours may differ. */
const CLOCK_TOLERANCE = 5_000;

/**
 * Milliseconds by which `iat` may be ahead of our clock. It says when a token was issued, not from when on it is valid (RFC
 * 7519 section 4.1.6). What is further ahead is no time of this issuer.
 */
const ISSUED_AHEAD = 30_000;

/** Milliseconds for which keys are used after the ten minutes for which they are fresh. */
const STALE_KEYS = 50 * 60_000;

/** Claim that names the user or the client (RFC 9068 section 2.2). */
export const SUBJECT = 'sub';

/** Longest chain of actors. Auth0 records five. */
const MAX_ACTORS = 5;

/** Introspections of one issuer that run, and that wait. */
const MAX_INTROSPECTIONS = { concurrent: 20, queued: 100 };

/** Milliseconds for which an introspection answer is cached. */
const INTROSPECTION_CACHE = 30_000;

/**
 * @param resource - values of `aud` that mean this server, for issuers without `audiences`
 * @param clients - the server's own registrations, for issuers that introspect with them
 */
export function resolveIssuers(
  issuers: readonly IssuerOptions[],
  resource: readonly string[],
  clients: readonly IssuerClientRegistration[],
): readonly ResolvedIssuer[] {
  return issuers.flatMap((issuer) => {
    const resolveOne = (tenant?: string) => resolveIssuer(issuer, tenant, resource, clients);
    return issuer.tenants ? issuer.tenants.map(resolveOne) : [resolveOne()];
  });
}

function resolveIssuer(
  options: IssuerOptions,
  tenant: string | undefined,
  resource: readonly string[],
  clients: readonly IssuerClientRegistration[],
): ResolvedIssuer {
  const insertTenant = (text: string) => (tenant === undefined ? text : text.replaceAll(TENANT, tenant));
  const identifier = insertTenant(options.issuer);
  const metadataUrl = options.metadataUrl === undefined ? undefined : insertTenant(options.metadataUrl);
  return {
    identifier,
    template: options.issuer,
    tokenIssuer: insertTenant(options.tokenIssuer ?? options.issuer),
    metadataIssuer: insertTenant(options.metadataIssuer ?? options.issuer),
    advertised:
      options.acceptAnyTenant && metadataUrl !== undefined
        ? metadataUrl.replace(/\/\.well-known\/.*$/, '')
        : insertTenant(options.advertisedIssuer ?? options.issuer),
    tenant,
    audiences: options.audiences?.flatMap((one) => (one === RESOURCE ? resource : [one])) ?? resource,
    algorithms: options.algorithms ?? SIGNING_ALGORITHMS,
    types: new Set((options.types ?? ['at+jwt', 'JWT']).map(normalizeType)),
    acceptMissingType: options.acceptMissingType ?? false,
    acceptNonce: options.acceptNonce ?? false,
    requiredClaims: options.requiredClaims ?? [],
    requiredValues: new Map(
      Object.entries(options.requiredValues ?? {}).map(([claim, values]) => [claim, [values].flat()]),
    ),
    acceptMissingAudience: options.acceptMissingAudience ?? false,
    staleKeysMs: options.staleKeysMs ?? STALE_KEYS,
    clockToleranceSeconds: (options.clockToleranceMs ?? CLOCK_TOLERANCE) / 1000,
    issuedAheadSeconds: (options.clockToleranceMs ?? ISSUED_AHEAD) / 1000,
    scopeSources: options.claims?.scopes ?? ['scope', 'scp'],
    subjectSource: options.claims?.subject ?? SUBJECT,
    acceptMissingSubject: options.acceptMissingSubject ?? false,
    clientIdSources: options.claims?.clientId ?? ['client_id', 'azp', 'appid', 'cid'],
    appOnly: options.claims?.appOnly,
    // Identifiers at issuers have no slash at the end.
    scopePrefix: (options.scopePrefix ?? '').replace(RESOURCE, (resource[0] ?? '').replace(/\/$/, '')),
    clients: options.clients && new Set(options.clients),
    maxActors: options.maxActors ?? MAX_ACTORS,
    acceptOwnTokens: options.acceptOwnTokens ?? false,
    acceptClearText: options.acceptClearText ?? false,
    validate: options.validate,
    metadataUrl,
    jwks: options.jwks,
    introspection:
      options.introspection &&
      resolveIntrospection(
        options.introspection,
        options,
        findClient({ identifier, template: options.issuer }, clients),
      ),
  };
}

function resolveIntrospection(
  options: IntrospectionOptions,
  { claims }: IssuerOptions,
  moduleClient: ClientRegistration | undefined,
): ResolvedIntrospection {
  const client = options.client ?? moduleClient;
  if (!client) throw new Error('Validated options have a client for introspection');
  return {
    endpoint: options.endpoint,
    client,
    tokens: options.tokens,
    signedResponse: options.signedResponse,
    cacheMs: options.cacheMs ?? INTROSPECTION_CACHE,
    acceptStaleAnswersMs: options.acceptStaleAnswersMs ?? 0,
    maxConcurrent: options.maxConcurrent ?? MAX_INTROSPECTIONS.concurrent,
    maxQueued: options.maxQueued ?? MAX_INTROSPECTIONS.queued,
    subjectSource: options.subjectClaim ?? claims?.subject ?? SUBJECT,
    includesJwts: options.jwt === 'always',
    acceptMissingAudience: options.acceptMissingAudience ?? false,
  };
}

/** RFC 7515 section 4.1.9: `application/` may be left out, and media types are case-insensitive. */
export function normalizeType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '');
}

/** Options that identify an issuer. */
export interface NamedIssuer {
  readonly issuer: string;
  readonly tokenIssuer?: string | undefined;
  readonly tenants?: readonly string[] | undefined;
  readonly grantTypes?: readonly string[] | undefined;
}

/** `iss` of the access tokens of an issuer, or of each of its tenants. */
export function listTokenIssuers({ issuer, tokenIssuer = issuer, tenants = [''] }: NamedIssuer): readonly string[] {
  return tenants.map((tenant) => (tenant === '' ? tokenIssuer : tokenIssuer.replaceAll(TENANT, tenant)));
}

/** The identifier of an issuer, or of each of its tenants, with the template that they share. */
export function listNames({
  issuer,
  tenants,
}: NamedIssuer): readonly Pick<ResolvedIssuer, 'identifier' | 'template'>[] {
  const identifiers = tenants ? tenants.map((tenant) => issuer.replaceAll(TENANT, tenant)) : [issuer];
  return identifiers.map((identifier) => ({ identifier, template: issuer }));
}

/** The server's own registration at an issuer. */
export function findClient(
  { identifier, template }: Pick<ResolvedIssuer, 'identifier' | 'template'>,
  clients: readonly IssuerClientRegistration[],
): IssuerClientRegistration | undefined {
  return clients.find(({ issuer = identifier }) => issuer === identifier || issuer === template);
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly issuers: readonly ResolvedIssuer[];
  }
}

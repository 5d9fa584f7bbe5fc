import type { JSONWebKeySet } from 'jose';
import type { ClientRegistration } from '../clients/client-registration.js';
import type { TokenClaims } from '../access/claims.js';

/** A JWS algorithm that a resource server can verify without being able to sign (RFC 7518 section 3.1, RFC 8037). */
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Asymmetric algorithms only: with an HMAC, the key that verifies a token can also forge one. */
export const SIGNING_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/**
 * Where a value is in the claims: the name of a claim, a path with dots such as `realm_access.roles`, or a function. A
 * claim whose name is the whole text takes precedence over a path. A token for which the function throws is refused.
 */
export type ClaimSource<Value> = string | ((claims: TokenClaims) => Value | undefined);

/** Which claims of an issuer's tokens hold the values that this package needs. */
export interface ClaimMapping {
  /**
   * Where the scopes are: space-separated strings or arrays of strings. The scopes of several sources are combined.
   * Defaults to `['scope', 'scp']`.
   */
  scopes?: readonly ClaimSource<readonly string[]>[];
  /**
   * Where the subject is: what tells users apart, for issuers whose access tokens have no `sub`. Other names may later
   * pass to another user, who then has what was kept for the first. Defaults to `sub`.
   */
  subject?: ClaimSource<string>;
  /**
   * Where the client id is. The first source with a value is used. Defaults to `['client_id', 'azp', 'appid', 'cid']`.
   */
  clientId?: readonly ClaimSource<string>[];
  /**
   * Whether a token stands for a client alone, without a user. By default it does if its subject is its client id
   * (RFC 9068 section 2.2), if a claim of a known provider marks an application, such as `idtyp`, `gty` or the name of a
   * service account of Keycloak, or if it names neither a client nor a sign-in, so that there need not be a user. A token
   * for which the function returns neither `true` nor `false` is refused.
   */
  appOnly?: (claims: TokenClaims) => boolean;
}

/**
 * How opaque tokens are introspected at their issuer (RFC 7662). Where an answer names no subject, the caller has no
 * user, and nothing is kept beyond its token, unless the answer marks the token as one of the client itself.
 */
export interface IntrospectionOptions {
  /** Address of the introspection endpoint. Defaults to `introspection_endpoint` of the issuer's metadata. */
  endpoint?: string;
  /** The server's own registration for introspection. Defaults to `client` of the module's options. */
  client?: ClientRegistration;
  /**
   * Matches the tokens of this issuer, from their first character on. Required if several issuers have
   * `introspection`, so that each token goes to one.
   */
  tokens?: RegExp;
  /**
   * Asks for a signed answer (RFC 9701), and accepts no other. The value is the algorithm that the client is registered
   * with, `introspection_signed_response_alg`.
   */
  signedResponse?: SigningAlgorithm;
  /**
   * Milliseconds, 0 to 300 000, for which an answer is cached. A revocation takes effect after that. Defaults to 30
   * 000.
   */
  cacheMs?: number;
  /**
   * Milliseconds, 0 to 600 000, for which the last answer is still believed after `cacheMs` while the issuer cannot be
   * asked. A token that was revoked meanwhile is accepted as long, by every call; one that has expired is not. Defaults to
   * 0: such requests are answered with 503.
   */
  acceptStaleAnswersMs?: number;
  /** Requests to the endpoint that run at once; others wait. Defaults to 20. */
  maxConcurrent?: number;
  /** Tokens that wait at once to be introspected. Requests with further ones get 503. Defaults to 100. */
  maxQueued?: number;
  /**
   * Claim of the answer that names the caller: `username` where answers have no `sub`. A name may later pass to another
   * user, who then has what was kept for the first. Defaults to `claims.subject`, which is `sub` by default.
   */
  subjectClaim?: 'sub' | 'username';
  /**
   * Whether the issuer is asked of its JWTs, too. With `'always'` a JWT is verified here, and the issuer has to say that
   * it is active, so that a revocation takes effect after `cacheMs`. While the issuer cannot be asked, nobody passes. With
   * `'never'` a JWT is good until it expires. Defaults to `'never'`.
   */
  jwt?: 'always' | 'never';
  /** Accepts answers without `aud`. Tokens that were issued for another resource server are then accepted too. */
  acceptMissingAudience?: boolean;
}

/** An authorization server whose access tokens are accepted. */
export interface IssuerOptions {
  /**
   * Issuer identifier, exactly as the authorization server spells it in its metadata and in the `iss` claim.
   * Endpoints and keys are found from it: RFC 8414 first, then OpenID Connect Discovery. `{tenantid}` stands for each
   * of `tenants`.
   */
  issuer: string;
  /**
   * `iss` of its access tokens, where that is another: AD FS names it `access_token_issuer` in its metadata. It is only
   * compared, so it need not be an address. Defaults to `issuer`.
   */
  tokenIssuer?: string;
  /** `issuer` of its metadata, and `iss` of its ID tokens, where that is another. Defaults to `issuer`. */
  metadataIssuer?: string;
  /**
   * The authorization server that clients are told (`authorization_servers`, RFC 9728), where that is another: the
   * address that they reach, under which they find metadata with that very `issuer`. Defaults to `issuer`.
   */
  advertisedIssuer?: string;
  /** Tenants of an issuer with `{tenantid}` in it. Each is an issuer of its own, and its tokens' `tid` must name it. */
  tenants?: readonly string[];
  /**
   * Accepts tokens of every tenant of an issuer with `{tenantid}` in it, known to you or not, if `iss` and `tid` agree.
   * The keys are those of `metadataUrl`, which is then required.
   */
  acceptAnyTenant?: boolean;
  /** Values of `aud` that mean this server, where the issuer cannot write `resource` there. Defaults to `resource`. */
  audiences?: readonly string[];
  /** Algorithms that this issuer signs with. Defaults to every {@link SigningAlgorithm}. */
  algorithms?: readonly SigningAlgorithm[];
  /**
   * Values of the header parameter `typ` that access tokens have (RFC 9068 section 2.1), in any case, with or without
   * `application/`. Defaults to `['at+jwt', 'JWT']`.
   */
  types?: readonly string[];
  /**
   * Accepts tokens without `typ`, for issuers that omit it. Only `audiences` then distinguishes them from ID tokens.
   */
  acceptMissingType?: boolean;
  /**
   * Accepts tokens that have a `nonce`, as ID tokens have, and that nothing marks as access tokens: neither the type
   * `at+jwt`, nor a claim such as `token_use`, nor scopes. Only `audiences` then distinguishes them from ID tokens.
   */
  acceptNonce?: boolean;
  /**
   * Claims that JWTs of this issuer must have, besides `iss`, `sub`, `aud` and `exp`, such as `jti`. Text has to have at
   * least one character. Defaults to none.
   */
  requiredClaims?: readonly string[];
  /**
   * Values that claims must have, such as `{ token_use: 'access' }`, by name or path. Of several, one is enough. A claim
   * that is a list must have one of them in it. Holds for introspection answers, too. Defaults to none.
   */
  requiredValues?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * Accepts tokens without `aud`, for issuers that write none. A token with another `aud` is still refused. What an
   * issuer means for someone else cannot be told then, so `clients` is needed, or a claim in `requiredValues` that says
   * for whom a token is. Tokens without `aud` of other clients than `clients` are refused.
   */
  acceptMissingAudience?: boolean;
  /**
   * Accepts tokens without a subject, as tokens of their client that have no user: some issuers write no `sub` for the
   * client credentials grant. A user whom the issuer does not name is then taken for the client, and shares what is kept
   * for it with all others.
   */
  acceptMissingSubject?: boolean;
  /**
   * Milliseconds, 0 to 86 400 000, for which keys that were fetched more than ten minutes ago are still used while the
   * issuer's key set cannot be fetched. A key that the issuer has withdrawn meanwhile is accepted as long. With 0,
   * tokens are answered with 503 then. Defaults to 3 000 000, so keys serve for an hour in all.
   */
  staleKeysMs?: number;
  /**
   * Milliseconds, 0 to 300 000, by which the issuer's clock and ours may differ. Defaults to 5 000, and to 30 000 for
   * `iat`, which only says when a token was issued.
   */
  clockToleranceMs?: number;
  /**
   * Values of `grant_type` that its token endpoint is known to take. A downstream whose dialect needs another one stops
   * the boot. Without it, what the issuer takes is unknown until it is asked.
   */
  grantTypes?: readonly string[];
  /** Where the scopes and the client are in this issuer's tokens. */
  claims?: ClaimMapping;
  /**
   * Prefix of scopes in requests to this issuer, such as `api://…/`. Its tokens have the scopes without it. `{resource}`
   * stands for the server's `resource`, without a slash at the end.
   */
  scopePrefix?: string;
  /** Client ids whose tokens are accepted. Defaults to all clients of the issuer. */
  clients?: readonly string[];
  /**
   * Longest chain of actors (`act`, RFC 8693 section 4.1), 0 to 20. Tokens with a longer chain are refused; with 0, all
   * tokens with `act`. Defaults to 5.
   */
  maxActors?: number;
  /**
   * Accepts tokens that were issued to a client of this application, or for which it acts. A token that a server of the
   * application got by exchange, and that names this server in `aud` too, is then accepted from whoever sends it.
   */
  acceptOwnTokens?: boolean;
  /**
   * Accepts plain http to the issuer: for `issuer`, `metadataUrl`, `introspection.endpoint`, and what the metadata names.
   * Keys, tokens and secrets then travel in clear text. Whoever listens on the way can act as any user, and whoever
   * changes the keys can sign tokens. For networks of a cluster or of containers, which nobody else is in.
   */
  acceptClearText?: boolean;
  /**
   * A check of your own. It runs after all others: after the signature, times, audience and proof of a JWT are
   * verified, or after introspection. Any result but `true`, or an error, refuses the token with 401 `invalid_token`.
   * The error's message goes into the audit event `token_rejected`, and to no client. The check runs for each request,
   * also for a token that was verified before. Its changes take effect at once, and it has to cache slow look-ups
   * itself.
   *
   * @param claims - frozen; for a token that is not a JWT, the introspection answer
   */
  validate?: (claims: TokenClaims) => boolean | Promise<boolean>;
  /** Address of the metadata, if it cannot be discovered from `issuer`. */
  metadataUrl?: string;
  /** The issuer's keys (RFC 7517), for networks that cannot reach it. Nothing is then fetched to verify a token. */
  jwks?: JSONWebKeySet;
  /** Introspects tokens that are not JWTs of a known issuer. Without it they are refused. */
  introspection?: IntrospectionOptions;
}

import type { JSONWebKeySet } from 'jose';
import type { ClientRegistration } from '../clients/client-registration.js';
import type { TokenClaims } from '../access/claims.js';

/** A JWS algorithm that a resource server can verify without being able to sign (RFC 7518 section 3.1, RFC 8037). */
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Asymmetric alone: with an HMAC, whoever can verify a token can make one. */
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
 * Where in the claims something is: the name of a claim, or a path with dots, such as `realm_access.roles`. A claim
 * whose own name is the whole text comes first. Or a function that works it out; a token for which it throws is refused.
 */
export type ClaimSource<Value> = string | ((claims: TokenClaims) => Value | undefined);

/** What an issuer calls the things that this package asks for. */
export interface ClaimMapping {
  /**
   * Where scopes are: space-separated strings or arrays of strings. What several sources have is taken together.
   * Defaults to `['scope', 'scp']`.
   */
  scopes?: readonly ClaimSource<readonly string[]>[];
  /** Where the client id is; the first source that has one counts. Defaults to `['client_id', 'azp', 'appid', 'cid']`. */
  clientId?: readonly ClaimSource<string>[];
  /**
   * Whether a token stands for a client alone, without a user. By default it does if its subject is its client id, or
   * it says so in `idtyp` (`app`) or `gty` (`client-credentials`).
   */
  appOnly?: (claims: TokenClaims) => boolean;
}

/**
 * How tokens that are no JWTs are looked up at their issuer (RFC 7662). A token of which it names no subject stands for
 * its client alone.
 */
export interface IntrospectionOptions {
  /** Address of the introspection endpoint. Defaults to `introspection_endpoint` of the issuer's metadata. */
  endpoint?: string;
  /** The server's own registration for introspection. Defaults to `client` of the module's options. */
  client?: ClientRegistration;
  /** Which tokens are this issuer's. Required where several issuers have `introspection`, so that each token goes to one. */
  tokens?: RegExp;
  /**
   * Asks for a signed answer (RFC 9701), and takes no other. The algorithm is the one that the client is registered
   * with, `introspection_signed_response_alg`.
   */
  signedResponse?: SigningAlgorithm;
  /** Milliseconds, 0 to 300 000, for which an answer is believed without asking again. Revocation counts after that. Defaults to 30 000. */
  cacheMs?: number;
  /** Accepts answers without `aud`, and with it tokens that the issuer meant for someone else. */
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
  /** Tenants of an issuer with `{tenantid}` in it. Each is an issuer of its own, and its tokens' `tid` must name it. */
  tenants?: readonly string[];
  /**
   * Accepts tokens of every tenant of an issuer with `{tenantid}` in it, known to you or not, as long as `iss` and `tid`
   * agree. The keys are those of `metadataUrl`, which is then required.
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
  /** Accepts tokens without `typ`, for issuers that write none; only `audiences` then tells them from ID tokens. */
  acceptMissingType?: boolean;
  /** Milliseconds, 0 to 300 000, by which the issuer's clock and ours may differ. Defaults to 5 000. */
  clockToleranceMs?: number;
  /** Where this issuer's tokens have their scopes and their client. */
  claims?: ClaimMapping;
  /** What clients put before a scope when they ask this issuer for it, such as `api://…/`; its tokens are without. */
  scopePrefix?: string;
  /** Client ids whose tokens are accepted. Defaults to all clients of the issuer. */
  clients?: readonly string[];
  /**
   * How many parties may act one for the other (`act`, RFC 8693 section 4.1), 0 to 20. Tokens with more are refused, and
   * with 0 all that have `act`. Defaults to 5.
   */
  maxActors?: number;
  /**
   * A check of your own, after all others: of the claims of a token whose signature, times, audience and proof are good, or
   * that the issuer told. Anything but `true` refuses the token with 401 `invalid_token`, and so does an error; its message
   * goes into the audit event `token_rejected`, and to no client. It is asked for each request, also for a token that was
   * verified before: what it looks up counts at once, and what is slow about it is for it to remember.
   *
   * @param claims - frozen; for a token that is no JWT, what its issuer says of it
   */
  validate?: (claims: TokenClaims) => boolean | Promise<boolean>;
  /** Address of the metadata, where it is not found from `issuer`. */
  metadataUrl?: string;
  /** The issuer's keys (RFC 7517), for networks without a way to it. Nothing is then fetched to verify a token. */
  jwks?: JSONWebKeySet;
  /** Looks up tokens that are no JWTs of a known issuer. Without it they are refused. */
  introspection?: IntrospectionOptions;
}

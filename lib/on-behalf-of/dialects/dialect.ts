import type { DPoPHandle } from 'oauth4webapi';
import type { Caller } from '../../resource-server/access/caller.js';

/** Parameters of a form. A list repeats its parameter; `undefined` leaves it out. */
export type FormParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A downstream as a dialect sees it. */
export interface ExchangeTarget {
  /** Name in the module's options. */
  readonly name: string;
  /** `audience` of the downstream (RFC 8693 section 2.1): one, or several. */
  readonly audience: string | readonly string[] | undefined;
  /** `resource` of the downstream (RFC 8707 section 2): one, or several. */
  readonly resource: string | readonly string[] | undefined;
  /** Scopes to ask for (RFC 6749 section 3.3); empty for the provider's default. */
  readonly scopes: readonly string[];
  /** Further parameters of the request. None of them is reserved. */
  readonly parameters: FormParameters;
}

/**
 * A token endpoint's answer with a token (RFC 6749 section 5.1, RFC 8693 section 2.2.1). Its form is checked, its meaning
 * is not.
 */
export interface TokenEndpointAnswer {
  /** The token (RFC 6749 section 5.1). */
  readonly access_token: string;
  /** How the token is presented (RFC 6749 section 7.1), in lower case: `bearer`, `dpop`, `n_a`. */
  readonly token_type: string;
  /** What the token is (RFC 8693 section 3). */
  readonly issued_token_type?: string | undefined;
  /**
   * Seconds. Present only if it is a number above zero. Where the answer does not say it, that of a JWT, from `exp` and
   * the `Date` of the answer.
   */
  readonly expires_in?: number | undefined;
  /** Scopes granted, separated by spaces (RFC 6749 section 5.1). */
  readonly scope?: string | undefined;
}

/** An authorization server besides the issuers of callers, and the server's client there. */
export interface ForeignAuthorizationServer {
  /** Issuer identifier (RFC 8414). */
  readonly issuer: string;
  /** Address of its metadata, if it is not at the well-known place. */
  readonly metadataUrl?: string;
  /**
   * Accepts plain http to it. Tokens and secrets then travel in clear text, and whoever listens on the way can use them.
   */
  readonly acceptClearText?: boolean;
  /** The server's own registration there: its `client_id` and its client authentication (RFC 6749 section 2). */
  readonly client: {
    readonly id: string;
    readonly authentication: import('../../resource-server/clients/client-authentication.js').ClientAuthentication;
  };
}

/** Where a token request goes, if not to the token endpoint of the caller's issuer. */
export interface TokenEndpointOptions {
  /** The authorization server that is asked. Defaults to the caller's issuer. */
  readonly authorizationServer?: ForeignAuthorizationServer;
  /**
   * Derives the address from the one in the metadata, on the same origin. For issuers with an endpoint per tenant.
   *
   * @param tokenEndpoint - the address in the metadata
   */
  readonly address?: (tokenEndpoint: URL) => URL;
  /**
   * The key that the token has to be bound to (RFC 9449 section 5), as made by `getDPoPHandle` of openid-client or
   * `DPoP` of oauth4webapi. With it, a token that is not bound is refused. Without it, a bound token is refused.
   */
  readonly dpop?: DPoPHandle | undefined;
  /** Takes an answer without `token_type` for one with a bearer token. */
  readonly acceptMissingTokenType?: boolean | undefined;
}

/** Sends forms to token endpoints, with the server's own client authentication. */
export interface TokenEndpoint {
  /**
   * Asks for a token (RFC 6749 section 4.5).
   *
   * @param grantType - `grant_type`
   * @param parameters - the rest of the form
   * @param options - where the request goes, and the key that the token has to be bound to
   * @returns the answer, whose form was checked
   * @throws TokenEndpointError for every answer without a usable token, and if there is no answer
   */
  request(grantType: string, parameters: FormParameters, options?: TokenEndpointOptions): Promise<TokenEndpointAnswer>;
}

/** A dialect's task. */
export interface ExchangeRequest {
  /** What the token is for. */
  readonly target: ExchangeTarget;
  /** The caller to act for. `undefined` only for dialects whose `subject` is `none`. */
  readonly caller: Caller | undefined;
  /** The caller's access token; empty without a caller. It goes to the party that issued it, and nowhere else. */
  readonly subjectToken: string;
  /** A claims request as JSON (OpenID Connect Core section 5.5) that an API or the provider demanded. */
  readonly claims: string | undefined;
  /** The key that the token has to be bound to. Pass it as `dpop` of the request that gets the token. */
  readonly dpop?: DPoPHandle | undefined;
  /** Asks for the token. */
  readonly tokenEndpoint: TokenEndpoint;
}

/** A token for a downstream. */
export interface ExchangedToken {
  /** The token itself. Goes to the downstream, and nowhere else. */
  readonly value: string;
  /** How the token is presented (RFC 6750, RFC 9449). */
  readonly type: 'bearer' | 'dpop';
  /** Milliseconds until the token expires; `undefined` if the answer did not say. */
  readonly expiresInMs: number | undefined;
  /** Scopes granted, if the answer named them. They may differ from those asked for (RFC 6749 section 5.1). */
  readonly grantedScopes?: readonly string[] | undefined;
}

/** How one provider spells the exchange of a token. */
export interface ExchangeDialect {
  /** Its name in logs, spans and cache keys. */
  readonly name: string;
  /**
   * Whose authority the token carries: the `caller`'s, the server's own (`client`), or nobody's (`none`, without a
   * token).
   */
  readonly subject: 'caller' | 'client' | 'none';
  /** Values of `grant_type` that the caller's issuer has to allow this client. Empty if that issuer is not asked. */
  readonly grantTypes: readonly string[];
  /**
   * The authorization server that issues the API's tokens, if it is not the caller's issuer, and values of `grant_type`
   * that it has to allow. A client cannot satisfy what such an API demands of a sign-in.
   */
  readonly foreign?: {
    readonly authorizationServer?: ForeignAuthorizationServer;
    readonly grantTypes: readonly string[];
  };
  /**
   * Everything besides the target that shapes the token, for the cache key: options of the dialect, and the identity of
   * its actor. No secrets. A function is called before each use of a token.
   */
  readonly fingerprint?: readonly string[] | (() => Promise<readonly string[]>);
  /** Whether the provider refuses to exchange tokens that are bound to a key of the client's (RFC 9449, RFC 8705). */
  readonly refusesBoundTokens?: boolean;
  /** Names of its options that give a check up, for the doctor. */
  readonly relaxations?: readonly string[];
  /** Whether an actor acts for the caller instead of the server's own client. `may_act` has to name that actor then. */
  readonly hasActor?: boolean;
  /**
   * How the server asks for its own token, if a downstream says `onAppOnly: 'clientCredentials'`; `false` if no such
   * token is good for the API. Defaults to `dialects.clientCredentials()`.
   */
  readonly ownAuthority?: ExchangeDialect | false;
  /**
   * Checks a downstream's options at boot.
   *
   * @param target - the downstream
   * @returns the problems for this dialect; each is one sentence, with its remedy
   */
  findProblems?(target: ExchangeTarget): readonly string[];
  /**
   * Gets a token for a downstream on behalf of a caller.
   *
   * @param request - the task, and the token endpoint to ask
   * @returns the token; `undefined` for an API without tokens
   * @throws {@link TokenEndpointError} as the token endpoint does, or if its answer cannot be used
   */
  exchange(request: ExchangeRequest): Promise<ExchangedToken | undefined>;
}

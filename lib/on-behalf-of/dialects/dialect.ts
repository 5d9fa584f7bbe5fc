import type { DPoPHandle } from 'oauth4webapi';
import type { Caller } from '../../resource-server/access/caller.js';

/** Parameters of a form; a list repeats its parameter. What is `undefined` is left out. */
export type FormParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A downstream as a dialect sees it. */
export interface ExchangeTarget {
  /** Name in the module's options. */
  readonly name: string;
  /** `audience` of the downstream (RFC 8693 section 2.1): one, or several. */
  readonly audience: string | readonly string[] | undefined;
  /** `resource` of the downstream (RFC 8707 section 2): one, or several. */
  readonly resource: string | readonly string[] | undefined;
  /** Scopes to ask for (RFC 6749 section 3.3); none for the provider's usual ones. */
  readonly scopes: readonly string[];
  /** Further parameters of the request, none of them reserved. */
  readonly parameters: FormParameters;
}

/** What a token endpoint answered with 200 (RFC 6749 section 5.1, RFC 8693 section 2.2.1). Its form was checked, its meaning not. */
export interface TokenEndpointAnswer {
  /** The token (RFC 6749 section 5.1). */
  readonly access_token: string;
  /** How it is presented (RFC 6749 section 7.1), in lower case: `bearer`, `dpop`, `n_a`. */
  readonly token_type: string;
  /** What the token is (RFC 8693 section 3). */
  readonly issued_token_type?: string | undefined;
  /** Seconds; only if it is a number above zero. */
  readonly expires_in?: number | undefined;
  /** Scopes granted, with spaces between them (RFC 6749 section 5.1). */
  readonly scope?: string | undefined;
}

/** An authorization server besides those whose tokens are accepted, and who the server is there. */
export interface ForeignAuthorizationServer {
  /** Issuer identifier (RFC 8414). */
  readonly issuer: string;
  /** Address of its metadata, where it is not at the usual place. */
  readonly metadataUrl?: string;
  /** The server's own registration there: its `client_id`, and how it says who it is (RFC 6749 section 2). */
  readonly client: {
    readonly id: string;
    readonly authentication: import('../../resource-server/clients/client-authentication.js').ClientAuthentication;
  };
}

/** Where a request to a token endpoint goes, if not to the token endpoint of the caller's issuer. */
export interface TokenEndpointOptions {
  /** The authorization server that is asked. Defaults to the caller's issuer. */
  readonly authorizationServer?: ForeignAuthorizationServer;
  /**
   * Makes the address of the one that the metadata has, on the same origin: for issuers with one per tenant.
   *
   * @param tokenEndpoint - the address that the metadata has
   */
  readonly address?: (tokenEndpoint: URL) => URL;
  /**
   * The key that the token has to be bound to (RFC 9449 section 5), as `getDPoPHandle` of openid-client or `DPoP` of
   * oauth4webapi makes it. A token that is not bound is refused; without this, so is one that is.
   */
  readonly dpop?: DPoPHandle | undefined;
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
   * @throws TokenEndpointError for every answer that has no usable token in it, and for none
   */
  request(grantType: string, parameters: FormParameters, options?: TokenEndpointOptions): Promise<TokenEndpointAnswer>;
}

/** What a dialect is asked to do. */
export interface ExchangeRequest {
  /** What the token is for. */
  readonly target: ExchangeTarget;
  /** Whose authority is asked for. `undefined` only for dialects whose `subject` is `none`. */
  readonly caller: Caller | undefined;
  /** The access token that came in; empty where there is no caller. It goes to the party that issued it, and nowhere else. */
  readonly subjectToken: string;
  /** A claims request as JSON (OpenID Connect Core section 5.5): what an API or the provider demanded besides. */
  readonly claims: string | undefined;
  /** The key that the token has to be bound to: for `dpop` of the request that gets it. */
  readonly dpop?: DPoPHandle | undefined;
  /** Asks for the token. */
  readonly tokenEndpoint: TokenEndpoint;
}

/** A token for a downstream. */
export interface ExchangedToken {
  /** The token itself. Goes to the downstream, and nowhere else. */
  readonly value: string;
  /** How it is presented (RFC 6750, RFC 9449). */
  readonly type: 'bearer' | 'dpop';
  /** Milliseconds until it expires; `undefined` where the answer did not say. */
  readonly expiresInMs: number | undefined;
  /** Scopes granted, where the answer named them: other than those asked for (RFC 6749 section 5.1). */
  readonly grantedScopes?: readonly string[] | undefined;
}

/** How one provider spells the exchange of a token. */
export interface ExchangeDialect {
  /** Its name in logs, spans and cache keys. */
  readonly name: string;
  /** Whose authority the token carries: the `caller`'s, the server's own (`client`), or nobody's (`none`, no token at all). */
  readonly subject: 'caller' | 'client' | 'none';
  /** Values of `grant_type` that the caller's issuer has to allow this client; none where it is not asked. */
  readonly grantTypes: readonly string[];
  /**
   * Where the API's tokens are of another party than the caller's issuer: the authorization server that is asked for them,
   * and values of `grant_type` that it has to allow. What such an API demands of a sign-in, no client could get.
   */
  readonly foreign?: {
    readonly authorizationServer?: ForeignAuthorizationServer;
    readonly grantTypes: readonly string[];
  };
  /**
   * All that shapes the token besides the target, for the cache key: options of the dialect, and who its actor is. No
   * secrets. A function is asked before each use of a token.
   */
  readonly fingerprint?: readonly string[] | (() => Promise<readonly string[]>);
  /** Whether the provider exchanges no token that is bound to a key of the client's (RFC 9449, RFC 8705). */
  readonly refusesBoundTokens?: boolean;
  /** Whether an actor acts for the caller in place of the server's own client, so that `may_act` has to name that actor. */
  readonly hasActor?: boolean;
  /**
   * How the server asks for a token of its own, where a downstream says `onAppOnly: 'clientCredentials'`; `false` where
   * no such token could be good for the API. Defaults to `dialects.clientCredentials()`.
   */
  readonly ownAuthority?: ExchangeDialect | false;
  /**
   * Looks a downstream's options over, at boot.
   *
   * @param target - the downstream
   * @returns what is wrong for this dialect and how to mend it, a sentence each
   */
  findProblems?(target: ExchangeTarget): readonly string[];
  /**
   * Gets a token for a downstream on behalf of a caller.
   *
   * @param request - what is asked for, and the token endpoint to ask
   * @returns the token; `undefined` for an API that takes none
   * @throws {@link TokenEndpointError} as the token endpoint does, or if its answer cannot be used
   */
  exchange(request: ExchangeRequest): Promise<ExchangedToken | undefined>;
}

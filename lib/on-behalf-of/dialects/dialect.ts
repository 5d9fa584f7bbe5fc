import type { DPoPHandle } from 'oauth4webapi';
import type { Caller } from '../../resource-server/access/caller.js';

/** Parameters of a form; a list repeats its parameter. What is `undefined` is left out. */
export type FormParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A downstream as a dialect sees it. */
export interface ExchangeTarget {
  /** Name in the module's options. */
  readonly name: string;
  /** One, or several. */
  readonly audience: string | readonly string[] | undefined;
  /** One, or several. */
  readonly resource: string | readonly string[] | undefined;
  readonly scopes: readonly string[];
  /** Further parameters of the request, none of them reserved. */
  readonly parameters: FormParameters;
}

/** What a token endpoint answered with 200 (RFC 6749 section 5.1, RFC 8693 section 2.2.1). Its form was checked, its meaning not. */
export interface TokenEndpointAnswer {
  readonly access_token: string;
  /** In lower case. */
  readonly token_type: string;
  readonly issued_token_type?: string | undefined;
  /** Seconds; only if it is a number above zero. */
  readonly expires_in?: number | undefined;
  readonly scope?: string | undefined;
}

/** An authorization server besides those whose tokens are accepted, and who the server is there. */
export interface ForeignAuthorizationServer {
  /** Issuer identifier (RFC 8414). */
  readonly issuer: string;
  /** Address of its metadata, where it is not at the usual place. */
  readonly metadataUrl?: string;
  /** The server's own registration there. */
  readonly client: {
    readonly id: string;
    readonly authentication: import('../../resource-server/clients/client-authentication.js').ClientAuthentication;
  };
}

/** Where a request to a token endpoint goes, if not to the token endpoint of the caller's issuer. */
export interface TokenEndpointOptions {
  readonly authorizationServer?: ForeignAuthorizationServer;
  /** Makes the address of the one that the metadata has, on the same origin: for issuers with one per tenant. */
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
   * @param grantType - `grant_type`
   * @param parameters - the rest of the form
   * @throws TokenEndpointError for every answer that has no usable token in it, and for none
   */
  request(grantType: string, parameters: FormParameters, options?: TokenEndpointOptions): Promise<TokenEndpointAnswer>;
}

/** What a dialect is asked to do. */
export interface ExchangeRequest {
  readonly target: ExchangeTarget;
  /** Whose authority is asked for. `undefined` only for dialects whose `subject` is `none`. */
  readonly caller: Caller | undefined;
  /** The access token that came in; empty where there is no caller. It goes to the party that issued it, and nowhere else. */
  readonly subjectToken: string;
  /** A claims request as JSON (OpenID Connect Core section 5.5): what an API or the provider demanded besides. */
  readonly claims: string | undefined;
  /** The key that the token has to be bound to: for `dpop` of the request that gets it. */
  readonly dpop?: DPoPHandle | undefined;
  readonly tokenEndpoint: TokenEndpoint;
}

/** A token for a downstream. */
export interface ExchangedToken {
  readonly value: string;
  /** How it is presented (RFC 6750, RFC 9449). */
  readonly type: 'bearer' | 'dpop';
  /** Milliseconds; `undefined` where the answer did not say. */
  readonly expiresInMs: number | undefined;
  /** Scopes granted, where the answer named them: other than those asked for (RFC 6749 section 5.1). */
  readonly grantedScopes?: readonly string[] | undefined;
}

/** How one provider spells the exchange of a token. */
export interface ExchangeDialect {
  /** In logs, spans and cache keys. */
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
  /** What is wrong with a downstream's options for this dialect and how to mend it, a sentence each; at boot. */
  problemsOf?(target: ExchangeTarget): readonly string[];
  /** @returns the token; `undefined` for an API that takes none */
  exchange(request: ExchangeRequest): Promise<ExchangedToken | undefined>;
}

import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers a request in place of the issuer. */
export type TestAnswer = (
  request: IncomingMessage,
  response: ServerResponse,
  form: URLSearchParams,
) => void | Promise<void>;

/** What a `TestIssuer` is like. */
export interface TestIssuerOptions {
  /** Path of the issuer's identifier, for example `/realms/acme`. Defaults to none. */
  readonly path?: string;
  /** Algorithms of its keys; the first signs. Defaults to `['ES256']`. */
  readonly algorithms?: readonly string[];
  /** Which metadata it publishes: of RFC 8414, of OpenID Connect Discovery, or both. Defaults to `'both'`. */
  readonly publishes?: 'oauth' | 'openid' | 'both';
  /**
   * Called with every token that it signs, for example to look for tokens in logs.
   *
   * @param token - as it was signed
   */
  readonly onToken?: (token: string) => void;
  /**
   * Called with the form of every exchange as it came, tokens and secrets included.
   *
   * @param form - the body of the request
   */
  readonly onExchange?: (form: URLSearchParams) => void;
}

/** How an exchange is refused (RFC 6749 section 5.2). */
export interface TestExchangeFailure {
  /** `error` of the answer. Defaults to `invalid_grant`. */
  readonly error?: string;
  /** `error_description`. */
  readonly description?: string;
  /** Status of HTTP. Defaults to 400. */
  readonly status?: number;
  /** Further members of the answer, for example `claims`. */
  readonly members?: Readonly<Record<string, unknown>>;
}

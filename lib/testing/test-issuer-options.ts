import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers a request instead of the issuer. */
export type TestAnswer = (
  request: IncomingMessage,
  response: ServerResponse,
  form: URLSearchParams,
) => void | Promise<void>;

/** Options of a `TestIssuer`. */
export interface TestIssuerOptions {
  /** Path of the issuer identifier, for example `/realms/acme`. Defaults to none. */
  readonly path?: string;
  /** Algorithms of the keys. The first key signs. Defaults to `['ES256']`. */
  readonly algorithms?: readonly string[];
  /** The metadata to publish: RFC 8414, OpenID Connect Discovery, or both. Defaults to `'both'`. */
  readonly publishes?: 'oauth' | 'openid' | 'both';
  /**
   * Called with every signed token, for example to search logs for tokens.
   *
   * @param token - the signed token
   */
  readonly onToken?: (token: string) => void;
  /**
   * Called with the unchanged form of every exchange, including tokens and secrets.
   *
   * @param form - the body of the request
   */
  readonly onExchange?: (form: URLSearchParams) => void;
}

/** The error response of a refused exchange (RFC 6749 section 5.2). */
export interface TestExchangeFailure {
  /** `error` of the answer. Defaults to `invalid_grant`. */
  readonly error?: string;
  /** `error_description`. */
  readonly description?: string;
  /** HTTP status. Defaults to 400. */
  readonly status?: number;
  /** Additional members of the answer, for example `claims`. */
  readonly members?: Readonly<Record<string, unknown>>;
}

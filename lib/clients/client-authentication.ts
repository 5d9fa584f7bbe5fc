import type { ClientAuth } from 'openid-client';
import type { Dispatcher } from 'undici';

/** How the server proves at a token endpoint which client it is: one of this package's, or any `ClientAuth` of openid-client. */
export type ClientAuthentication = ClientAuth & {
  /** Sends requests with the client's certificate (RFC 8705); may change from call to call. */
  readonly dispatcher?: () => Promise<Dispatcher>;
  /** Changes when the credentials do, and tells nothing of them: part of the key of every cached token. */
  readonly version?: () => Promise<string>;
};

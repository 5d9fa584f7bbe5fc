import { inspect } from 'node:util';
import type { Actor } from './actor.js';
import type { TokenClaims } from './claims.js';

/** Holds an access token so that printing, serialising or interpolating it shows nothing. */
export class AccessToken {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The token itself. Send it only to the party that issued it. */
  reveal(): string {
    return this.#value;
  }

  /** Hides the token. */
  toString(): string {
    return '[access token]';
  }

  /** Hides the token. */
  toJSON(): string {
    return this.toString();
  }

  /** Hides the token. */
  [inspect.custom](): string {
    return this.toString();
  }
}

/** The verified party behind a request, from the claims of its access token (RFC 9068 section 2.2). */
export interface Caller {
  /** `iss`, one of the configured issuers. */
  readonly issuer: string;
  /**
   * `sub`: the user, or the client if the token has no user. If an introspection answer names nobody, it is a value of
   * this very token, which no other caller has.
   */
  readonly subject: string;
  /** The client that the token was issued to: `client_id`, or the issuer's own claim for it. */
  readonly clientId: string | undefined;
  /** Whether no user is known: the token represents only the client, or does not say whom. */
  readonly appOnly: boolean;
  /** Granted scopes: `scope`, `scp`, or the issuer's own claim for them. Implied scopes are not included. */
  readonly scopes: readonly string[];
  /** The party that acts for the subject (`act`, RFC 8693 section 4.1). Actors nested in it are informational only. */
  readonly actor?: Actor;
  /** All claims of the token. */
  readonly claims: TokenClaims;
  /** When the token expires (`exp`), in milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /**
   * Until when what is kept for the caller is good, in milliseconds since the epoch: `expiresAtMs`. If the token had expired
   * when it was verified, and was accepted all the same because clocks may differ, it is `clockToleranceMs` of its issuer later.
   */
  readonly acceptedUntilMs: number;
  /** The token, in a wrapper that does not print it. */
  readonly token: AccessToken;
}

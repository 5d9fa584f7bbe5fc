import { inspect } from 'node:util';
import type { Actor } from './actor.js';
import type { TokenClaims } from './claims.js';

/** Holds an access token so that printing, serialising or interpolating it shows nothing. */
export class AccessToken {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The token itself. It belongs in a request to the party that issued it, and nowhere else. */
  reveal(): string {
    return this.#value;
  }

  /** Shows nothing of the token. */
  toString(): string {
    return '[access token]';
  }

  /** Shows nothing of the token. */
  toJSON(): string {
    return this.toString();
  }

  /** Shows nothing of the token. */
  [inspect.custom](): string {
    return this.toString();
  }
}

/** The verified party behind a request, from the claims of its access token (RFC 9068 section 2.2). */
export interface Caller {
  /** `iss`, one of the configured issuers. */
  readonly issuer: string;
  /** `sub`, the user, or the client itself where there is no user. */
  readonly subject: string;
  /** The client that the token was issued to: `client_id`, or what the issuer calls it. */
  readonly clientId: string | undefined;
  /** Whether the token stands for the client alone, without a user. */
  readonly appOnly: boolean;
  /** Scopes granted, from `scope` or `scp`, or what the issuer calls them; what they imply is not among them. */
  readonly scopes: readonly string[];
  /** Who acts for the subject (`act`, RFC 8693 section 4.1), where somebody does. This one counts; those inside do not. */
  readonly actor?: Actor;
  /** All claims of the token. */
  readonly claims: TokenClaims;
  /** When the token expires (`exp`), in milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /** The token, in a holder that does not print it. */
  readonly token: AccessToken;
}

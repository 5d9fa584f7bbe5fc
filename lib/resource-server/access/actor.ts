import type { TokenClaims } from './claims.js';

/** A party that acts for the subject of a token (RFC 8693 section 4.1, `act`). */
export interface Actor {
  /** `sub`. `undefined` if the token names only a client. */
  readonly subject: string | undefined;
  /** `iss` of the actor: the issuer that `subject` belongs to, if the token names it. */
  readonly issuer: string | undefined;
  /** `client_id`. */
  readonly clientId: string | undefined;
  /** All claims of the actor. */
  readonly claims: TokenClaims;
  /** The previous actor. It is informational only: access decisions must not consider it. */
  readonly actor?: Actor;
}

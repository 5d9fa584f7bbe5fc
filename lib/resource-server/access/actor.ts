import type { TokenClaims } from './claims.js';

/** A party that acts for the subject of a token (RFC 8693 section 4.1, `act`). */
export interface Actor {
  /** `sub`; `undefined` where the token names a client alone. */
  readonly subject: string | undefined;
  /** `iss`, where the token says who knows the actor by that name. */
  readonly issuer: string | undefined;
  /** `client_id`. */
  readonly clientId: string | undefined;
  /** All that the token says of the actor. */
  readonly claims: TokenClaims;
  /** The actor before this one. A matter of record: nothing may be allowed on its account. */
  readonly actor?: Actor;
}

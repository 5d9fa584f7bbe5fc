import type { Caller } from '../access/caller.js';
import type { SignedToken } from './signed-token.js';

/** An access token read from a request. Passport and its strategies receive it instead of the request. */
export class PresentedToken {
  /** Set by the strategy if the token is a JWT of a configured issuer. */
  signed?: SignedToken;
  /** Set by passport after verification. */
  user?: Caller;

  constructor(readonly token: string) {}
}

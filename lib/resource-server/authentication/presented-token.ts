import type { Caller } from '../access/caller.js';
import type { SignedToken } from './signed-token.js';

/** An access token as it was read from a request. Passport and its strategies get it in place of the request. */
export class PresentedToken {
  /** Set by the strategy, where it is a JWT of a configured issuer. */
  signed?: SignedToken;
  /** Set by passport, once it is verified. */
  user?: Caller;

  constructor(readonly token: string) {}
}

import type { AccessToken, Caller } from '../access/caller.js';

/** An access token read from a request. Passport and its strategies receive it instead of the request. */
export class PresentedToken {
  /** Set by passport after verification. */
  user?: Caller;

  /** @param address - of whoever sends it, if it has one */
  constructor(
    readonly token: AccessToken,
    readonly address?: string,
  ) {}
}

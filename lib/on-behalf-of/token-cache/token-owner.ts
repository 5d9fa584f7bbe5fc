import type { TokenSession } from '../../resource-server/access/revocation.js';

/** Owner of a kept token. */
export interface TokenOwner extends TokenSession {
  /** When the caller's token expires, in milliseconds since the epoch. Nothing is kept longer. */
  readonly expiresAt: number;
}

import type { ExchangedToken } from '../dialects/dialect.js';
import type { TokenSession } from '../../resource-server/access/revocation.js';
import type { KeyMember } from '../../replicas/composite-key.js';

/** Owner of a kept token. */
export interface TokenOwner extends TokenSession {
  /** When the caller's token expires, in milliseconds since the epoch. Nothing is kept longer. */
  readonly expiresAt: number;
}

/** A request to the cache. */
export interface TokenRequest {
  /**
   * Everything that shaped the token. Issuer and subject of the owner are always part of the key besides.
   */
  readonly key: readonly KeyMember[];
  readonly owner: TokenOwner;
  /** Gets a token. */
  readonly obtain: () => Promise<ExchangedToken>;
  /** Whether a failure is final, so that it is remembered for some seconds. */
  readonly isFinal: (error: unknown) => boolean;
  /** A token that the API refused. It is dropped if it is still the kept one. */
  readonly refused?: string | undefined;
}

import type { ExchangedToken } from '../dialects/dialect.js';
import type { CallTokens } from './call-tokens.js';
import type { KeyMember } from '../../replicas/composite-key.js';
import type { TokenOwner } from './token-owner.js';

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
  /** What is held for the call that asks. Without it, a token that is not kept is obtained for each request. */
  readonly call?: CallTokens | undefined;
  /** A token that the API refused. It is dropped if it is still the kept one. */
  readonly refused?: string | undefined;
}

import type { ExchangedToken } from '../dialects/dialect.js';
import type { KeyFields } from '../../replicas/cache-key.js';

/** Whose token is kept. */
export interface TokenOwner {
  readonly issuer: string;
  readonly subject: string;
  /** `sid` of the token that came in (OpenID Connect Back-Channel Logout 1.0). */
  readonly sessionId: string | undefined;
  /** When the token that came in expires, in milliseconds since the epoch. Nothing is kept beyond it. */
  readonly expiresAt: number;
}

/** What is asked of the cache. */
export interface TokenRequest {
  /**
   * Everything that shaped the token, besides issuer and subject of its owner, which are part of the key in any case.
   * Hashed with the length of each field; a field that is missing differs from one that is empty.
   */
  readonly key: KeyFields;
  readonly owner: TokenOwner;
  /** Gets a token. */
  readonly obtain: () => Promise<ExchangedToken>;
  /** Whether a failure is final, so that for seconds nobody need ask again. */
  readonly isFinal: (error: unknown) => boolean;
  /** A token that the API refused: it is dropped where it is still the one that is kept. */
  readonly refused?: string | undefined;
}

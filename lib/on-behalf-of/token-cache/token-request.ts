import type { ExchangedToken } from '../dialects/dialect.js';
import type { CallTokens } from './call-tokens.js';
import type { KeyMember } from '../../replicas/composite-key.js';
import type { TokenOwner } from './token-owner.js';

/** Where tokens come from, and for what. */
export interface TokenSource {
  /** The issuer as configured. */
  readonly issuer: string;
  /** Name of the downstream. */
  readonly downstream: string;
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
  /**
   * Whether a failure says nothing of the caller, but only that no token can be had now. A kept token is used then, as
   * long as it is valid. Defaults to every failure that is not final.
   */
  readonly isTemporary?: ((error: unknown) => boolean) | undefined;
  /** Where the token comes from. */
  readonly source?: TokenSource | undefined;
  /** What is held for the call that asks. Without it, a token that is not kept is obtained for each request. */
  readonly call?: CallTokens | undefined;
  /** A token that the API refused. It is dropped if it is still the kept one. */
  readonly refused?: string | undefined;
}

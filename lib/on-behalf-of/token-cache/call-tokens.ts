import type { ExchangedToken } from '../dialects/dialect.js';
import { isAlive, toKeptToken, type KeptToken } from './kept-token.js';
import type { TokenLife } from './token-lifetime.js';
import type { TokenOwner } from './token-owner.js';

/**
 * The tokens of one call that no cache keeps. Nobody tells how long they are valid, so they serve this call and no other.
 */
export class CallTokens {
  readonly #tokens = new Map<string, KeptToken>();

  /** @param refused - a token that the API refused */
  find(id: string, refused: string | undefined): ExchangedToken | undefined {
    const held = this.#tokens.get(id);
    return held && isAlive(held) && held.token.value !== refused ? held.token : undefined;
  }

  /** Holds a token for the rest of the call, and no longer than the token it was exchanged for. */
  hold(id: string, life: TokenLife, owner: TokenOwner): void {
    const usableUntil = life.expiresAt > life.keptAt ? life.expiresAt : owner.expiresAt;
    this.#tokens.set(id, toKeptToken({ ...life, usableUntil }, owner, Number.POSITIVE_INFINITY));
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { ResolvedStore } from '../../replicas/replica-options.js';
import { Guarded } from '../../replicas/guarded.js';
import type { Revocation } from '../../resource-server/access/revocation.js';
import { SharedTokens, type Found } from './shared-tokens.js';
import type { Marks, TokenLife } from './token-lifetime.js';
import type { TokenOwner } from './token-owner.js';
import { Turns, type Turn } from '../../replicas/turns.js';

/** Milliseconds for which a replica waits for another's exchange, before it makes its own. */
const LONGEST_WAIT = 5_000;

/** Average milliseconds between two checks of another replica's exchange: the first pause, and the longest. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 200;

/** A wanted token. */
export interface WantedToken {
  readonly id: string;
  readonly owner: TokenOwner;
  /** Token that is no longer useful: the API refused it, or it is about to expire. */
  readonly outdated: string | undefined;
  /** Whether the API refused that token, so that nobody should get it. */
  readonly isRefused: boolean;
  readonly obtain: () => Promise<TokenLife>;
  /** This process's own token, for use if the store does not answer, or its answer is of no use here. */
  readonly fallback: () => TokenLife | undefined;
  /** Called when the store has nothing, with the marks of revocations in it. */
  readonly onAbsent: (marks: Marks) => void;
  /** Whether the token was revoked in the meantime. */
  readonly isRevoked: () => boolean;
}

/**
 * Gets tokens from a store that replicas share, or by an exchange that one replica at a time makes. If the store fails,
 * each replica exchanges on its own.
 */
export class SharedExchange {
  readonly #tokens: SharedTokens;
  readonly #turns: Turns;
  readonly #guarded: readonly Guarded[];

  constructor(shared: ResolvedStore) {
    const store = new Guarded('The store of the token cache', 'TokenCache', shared.timeoutMs);
    const lock = shared.lock
      ? new Guarded('The exchange lock of the token cache', 'TokenCache', shared.timeoutMs)
      : store;
    this.#tokens = new SharedTokens(shared, store);
    this.#turns = new Turns(shared, lock);
    this.#guarded = [store, lock];
  }

  /** @throws only what `obtain` throws */
  async get(wanted: WantedToken): Promise<TokenLife> {
    const { id, owner, outdated, isRefused } = wanted;
    let found = await this.#tokens.find(id, owner);
    if (found?.life && isRefused && found.life.token.value === outdated) await this.#tokens.drop(id);
    if (found && !found.life) wanted.onAbsent(found.marks);
    // Otherwise replicas whose clocks differ would replace each other's tokens all the time.
    const own = found?.isAgeUnknown && !found.life ? wanted.fallback() : undefined;
    if (own) return own;
    const deadline = performance.now() + LONGEST_WAIT;
    for (let pause = FIRST_PAUSE; found; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      if (isOfUse(found.life, wanted)) return found.life;
      const turn = await this.#turns.take(id);
      if (turn.of !== 'another' || performance.now() >= deadline)
        return await this.#exchangeInTurn(turn, wanted, found);
      await sleep(pause * (0.5 + Math.random()));
      found = await this.#tokens.find(id, owner);
    }
    return wanted.fallback() ?? (await wanted.obtain());
  }

  /** Drops a token, if the store still has that one. */
  async forget(id: string, owner: TokenOwner, token: string): Promise<void> {
    const found = await this.#tokens.find(id, owner);
    if (found?.life?.token.value === token) await this.#tokens.drop(id);
  }

  /** @throws if the store fails */
  async revoke(revocation: Revocation): Promise<void> {
    await this.#tokens.revoke(revocation);
  }

  /** From now on this process does not share its exchanges. */
  stop(): void {
    for (const one of this.#guarded) one.stop();
  }

  async #exchangeInTurn(turn: Turn, wanted: WantedToken, before: Found): Promise<TokenLife> {
    const { id, owner } = wanted;
    try {
      // Another replica may have exchanged since.
      const found = turn.of === 'nobody' ? before : ((await this.#tokens.find(id, owner)) ?? before);
      if (isOfUse(found.life, wanted)) return found.life;
      const life = await wanted.obtain();
      if (life.expiresAt > life.keptAt && !wanted.isRevoked()) await this.#tokens.keep(id, life, found.marks);
      return { ...life, marks: found.marks };
    } finally {
      void turn.end();
    }
  }
}

function isOfUse(life: TokenLife | undefined, { outdated }: WantedToken): life is TokenLife {
  return life !== undefined && life.token.value !== outdated;
}

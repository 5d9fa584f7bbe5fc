import { McpAuthError } from '../../errors/mcp-auth-error.js';
import { waitFor } from '../../time/time-limit.js';
import type { ReplayStore } from './proof-options.js';

/** The store cannot tell whether a proof was used before. The proof is refused. */
export class ReplayStoreError extends McpAuthError {
  readonly code = 'replay_store_unavailable';
}

/** About 70 MB when full. Filling it takes more than a thousand proofs a second for minutes. */
const MAX_KEYS = 500_000;

/** Milliseconds between two searches for expired keys, normally and while the store is full. */
const SWEEP_EVERY = 60_000;
const SWEEP_EVERY_WHEN_FULL = 1_000;

/** Time limit for a store, in milliseconds. */
const TIMEOUT = 2_000;

/** Remembers used proofs in the memory of this process. */
export class MemoryReplayStore implements ReplayStore {
  /** Expiry of each key in milliseconds since the epoch. Wall-clock time, like the check of a proof's `iat`. */
  readonly #keys = new Map<string, number>();
  #sweptAt = 0;

  constructor(private readonly maxKeys = MAX_KEYS) {}

  /** Number of stored keys. */
  get size(): number {
    return this.#keys.size;
  }

  /** @throws {@link ReplayStoreError} if the store is full. Dropping a key would accept its proof again */
  claim(key: string, lifetimeMs: number): boolean {
    const now = Date.now();
    this.#sweep(now);
    const until = this.#keys.get(key);
    if (until !== undefined && until > now) return false;
    if (until === undefined && this.#keys.size >= this.maxKeys)
      throw new ReplayStoreError('Too many proofs are in use');
    this.#keys.set(key, now + lifetimeMs);
    return true;
  }

  /** Deletes expired keys. Runs rarely, even when full, so that an attacker cannot force a search on every request. */
  #sweep(now: number): void {
    const interval = this.#keys.size >= this.maxKeys ? SWEEP_EVERY_WHEN_FULL : SWEEP_EVERY;
    if (Math.abs(now - this.#sweptAt) < interval) return;
    this.#sweptAt = now;
    for (const [key, until] of this.#keys) if (until <= now) this.#keys.delete(key);
  }
}

/**
 * Claims a key in a store that may fail, hang or return something other than a boolean.
 *
 * @param lifetimeMs - how long to remember the key, in milliseconds
 * @throws {@link ReplayStoreError} if the store does not return a boolean in time
 */
export async function claimKey(store: ReplayStore, key: string, lifetimeMs: number): Promise<boolean> {
  try {
    const claimed = Promise.resolve(store.claim(key, lifetimeMs));
    const late = () => new ReplayStoreError('The replay store does not answer');
    const isNew: unknown = await waitFor(claimed, TIMEOUT, late);
    if (typeof isNew === 'boolean') return isNew;
    throw new ReplayStoreError('The replay store answers neither true nor false');
  } catch (error) {
    if (error instanceof ReplayStoreError) throw error;
    throw new ReplayStoreError(`The replay store failed: ${error instanceof Error ? error.message : typeof error}`);
  }
}

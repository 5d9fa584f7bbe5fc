import { McpAuthError } from '../../errors/mcp-auth-error.js';
import { waitFor } from '../../time/time-limit.js';
import type { ReplayStore } from './proof-options.js';

/** Nobody can tell whether a proof was used before, so that none is accepted. */
export class ReplayStoreError extends McpAuthError {
  readonly code = 'replay_store_unavailable';
}

/** Some 70 MB when full, which takes more than a thousand proofs a second for minutes. */
const MAX_KEYS = 500_000;

/** Milliseconds between two looks for what has expired: as a rule, and while there is no room. */
const SWEEP_EVERY = 60_000;
const SWEEP_EVERY_WHEN_FULL = 1_000;

/** Milliseconds that a store may take. */
const TIMEOUT = 2_000;

/** Remembers used proofs in the memory of this process. */
export class MemoryReplayStore implements ReplayStore {
  /** Milliseconds since the epoch at which each may be forgotten: by the clock on the wall, as `iat` of proofs is judged. */
  readonly #keys = new Map<string, number>();
  #sweptAt = 0;

  constructor(private readonly maxKeys = MAX_KEYS) {}

  /** Keys that take up room. */
  get size(): number {
    return this.#keys.size;
  }

  /** @throws {@link ReplayStoreError} if there is no room: forgetting a key would let its proof in again */
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

  /** Seldom, even while full: whoever fills the store must not make every request search it. */
  #sweep(now: number): void {
    const interval = this.#keys.size >= this.maxKeys ? SWEEP_EVERY_WHEN_FULL : SWEEP_EVERY;
    if (Math.abs(now - this.#sweptAt) < interval) return;
    this.#sweptAt = now;
    for (const [key, until] of this.#keys) if (until <= now) this.#keys.delete(key);
  }
}

/**
 * Claims a key in a store that may fail, hang or answer nonsense.
 *
 * @param lifetimeMs - for which it is to be remembered
 * @throws {@link ReplayStoreError} if there is no clear answer in time
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

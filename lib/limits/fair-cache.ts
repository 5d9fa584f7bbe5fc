import { LimitError } from '../errors/limit-error.js';
import { Stopwatch } from '../time/stopwatch.js';
import type { Lease } from './lease.js';
import type { Shares } from './shares.js';
import type { Holder } from './tally.js';

/** How a value is kept. */
export interface Keeping {
  /** Who it is kept for; `undefined` for a caller without a token. */
  readonly holder: Holder | undefined;
  readonly lifetimeMs: number;
  /** Bytes that the value takes, without its key. Defaults to none. */
  readonly bytes?: number;
  /** Whether it stays when there is no room. Defaults to `false`. */
  readonly isPinned?: boolean;
}

interface Entry<Value> {
  readonly value: Value;
  readonly lifetimeMs: number;
  readonly age: Stopwatch;
  readonly lease: Lease;
}

/** Milliseconds between two searches for entries that are too old. A full cache must not be searched each time. */
const SWEEP_EVERY = 1_000;

/**
 * Values in the memory of this process, each with a lifetime and a holder. When there is no room, holders displace their
 * own oldest values, and those of whoever has the most. A clock that is set back does not extend a lifetime.
 */
export class FairCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  #swept = new Stopwatch();

  /**
   * @param shares - may be common to several caches
   * @param onDisplaced - called for a value that had to make room
   */
  constructor(
    private readonly shares: Shares,
    private readonly onDisplaced: (key: string, value: Value) => void = () => undefined,
  ) {
    shares.onFull(() => {
      this.#sweep();
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value counts as the one that was used last. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (isOver(entry)) {
      this.delete(key);
      return undefined;
    }
    this.shares.touch(entry.lease);
    return entry.value;
  }

  /**
   * Keeps a value. What was kept under the key before is gone in any case.
   *
   * @throws {@link LimitError} if there is no room for the value
   */
  set(key: string, value: Value, { holder, lifetimeMs, bytes = 0, isPinned = false }: Keeping): void {
    this.delete(key);
    const onDisplaced = () => {
      this.#entries.delete(key);
      this.onDisplaced(key, value);
    };
    const demand = { bytes: bytes + measureText(key), ...(!isPinned && { onDisplaced }) };
    const lease = this.shares.take(holder, demand);
    this.#entries.set(key, { value, lifetimeMs, age: new Stopwatch(), lease });
  }

  /**
   * Keeps a value, if there is room for it.
   *
   * @returns whether it is kept
   */
  offer(key: string, value: Value, keeping: Keeping): boolean {
    try {
      this.set(key, value, keeping);
      return true;
    } catch (error) {
      if (error instanceof LimitError) return false;
      throw error;
    }
  }

  /** @returns whether the value existed */
  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    this.#entries.delete(key);
    entry.lease.release();
    return !isOver(entry);
  }

  /** Deletes every value that matches. */
  deleteAll(isMeant: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries) if (isMeant(value)) this.delete(key);
  }

  clear(): void {
    this.deleteAll(() => true);
  }

  #sweep(): void {
    if (this.#swept.elapsed < SWEEP_EVERY) return;
    this.#swept = new Stopwatch();
    for (const [key, entry] of this.#entries) if (isOver(entry)) this.delete(key);
  }
}

function isOver({ age, lifetimeMs }: Entry<unknown>): boolean {
  return age.elapsed >= lifetimeMs;
}

/** Upper bound of the bytes that texts take in memory. */
export function measureText(...texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + 2 * length, 0);
}

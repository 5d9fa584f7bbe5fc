import QuickLRU from 'quick-lru';
import { Stopwatch } from './stopwatch.js';

interface Entry<Value> {
  readonly value: Value;
  /** Milliseconds. */
  readonly lifetime: number;
  readonly age: Stopwatch;
}

/** Values in the memory of this process, each with a lifetime. A clock that is set back does not extend it. */
export class ExpiringCache<Value> {
  readonly #entries: QuickLRU<string, Entry<Value>>;

  /** @param maxSize - maximum number of values; the least recently used go first */
  constructor(maxSize: number) {
    this.#entries = new QuickLRU({ maxSize });
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.age.elapsed < entry.lifetime) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** @param lifetime - milliseconds */
  set(key: string, value: Value, lifetime: number): void {
    this.#entries.set(key, { value, lifetime, age: new Stopwatch() });
  }

  /** @returns whether the value existed */
  delete(key: string): boolean {
    const isThere = this.get(key) !== undefined;
    this.#entries.delete(key);
    return isThere;
  }

  /** Deletes every value that matches. */
  deleteAll(isMeant: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries) if (isMeant(value)) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}

import { createHash } from 'node:crypto';
import { CleanLogger } from '../log/clean-logger.js';
import { SharedStoreError } from '../errors/shared-store-error.js';
import { FairCache, measureText, type Keeping } from '../limits/fair-cache.js';
import type { Shares } from '../limits/shares.js';
import type { ResolvedStore } from './replica-options.js';
import { Guarded } from './guarded.js';
import { KeyRing } from './key-ring.js';
import { SharedStore } from './shared-store.js';
import { Stopwatch } from '../time/stopwatch.js';

/** A value, and what the store says of it by its own clock. */
export interface SealedValue {
  readonly value: string;
  /** Whether `freshForMs` is not over; `undefined` if the store has no clock. */
  readonly isFresh: boolean | undefined;
}

/** How a value is kept. */
export interface SealedKeeping extends Keeping {
  /** Milliseconds for which the value is fresh. Defaults to none. */
  readonly freshForMs?: number | undefined;
}

/** Stores values that nobody else may read. A failed read is an error, not a missing value. */
export interface SealedStore {
  /** @throws if the store cannot be read */
  get(key: string): Promise<string | undefined>;
  /** @throws if the store cannot be read */
  read(key: string): Promise<SealedValue | undefined>;
  /**
   * @throws if the value was not stored
   * @throws LimitError if there is no room for it
   */
  set(key: string, value: string, keeping: SealedKeeping): Promise<void>;
  /**
   * @returns whether the value existed; `true` for only one of several concurrent calls
   * @throws if the value may still exist
   */
  delete(key: string): Promise<boolean>;
  /** Stops all further reads. */
  stop(): void;
}

/** What stores are called in the log, in which context, and how their keys begin. */
const STORES = {
  accounts: { name: 'The store of linked accounts', context: 'LinkedAccounts', prefix: 'linking' },
  'link-requests': { name: 'The store of linked accounts', context: 'LinkedAccounts', prefix: 'linking' },
  tasks: { name: 'The store of tasks', context: 'McpTasks', prefix: 'tasks' },
  'unused-states': { name: 'The store of request states', context: 'McpServing', prefix: 'states' },
} as const;

/** A store that replicas share, with its values encrypted. */
export class SharedSealedStore implements SealedStore {
  readonly #store: SharedStore;
  readonly #ring: KeyRing;
  readonly #guarded: Guarded;
  readonly #prefix: string;
  readonly #name: string;
  readonly #logger: CleanLogger;
  /** What this process has written, so that no caller fills the store. */
  readonly #written: FairCache<true> | undefined;

  /**
   * @param purpose - separates the values of different uses
   * @param server - resource of the server. No other server decrypts the values
   * @param shares - what callers may keep here. Without it nothing is counted
   */
  constructor(
    { store, keys, namespace, timeoutMs: timeout }: ResolvedStore,
    purpose: keyof typeof STORES,
    server: string,
    shares?: Shares,
  ) {
    this.#store = new SharedStore(store);
    this.#ring = new KeyRing(keys, purpose, server);
    const { name, context, prefix } = STORES[purpose];
    this.#guarded = new Guarded(name, context, timeout);
    this.#logger = new CleanLogger(context);
    this.#name = name;
    this.#prefix = `${namespace}:v1:${prefix}`;
    this.#written = shares && new FairCache(shares, (key) => void this.#forget(key));
  }

  async get(key: string): Promise<string | undefined> {
    const place = this.#prefixKey(key);
    const [sealed] = await this.#read([place]);
    return this.#open(sealed, place);
  }

  async read(key: string): Promise<SealedValue | undefined> {
    const place = this.#prefixKey(key);
    const [sealed, mark] = await this.#read([place, toMarkKey(place)]);
    const value = this.#open(sealed, place);
    if (value === undefined) return undefined;
    return { value, isFresh: this.#store.expiresByItself ? mark === computeMark(sealed) : undefined };
  }

  async #read(places: string[]): Promise<readonly unknown[]> {
    const values = await this.#guarded.attempt(() => this.#store.read(places));
    if (!values) throw new SharedStoreError('shared_store_failed', `${this.#name} gives no answer`);
    return values;
  }

  #open(sealed: unknown, place: string): string | undefined {
    const value = this.#ring.open(sealed, place);
    if (value === undefined && sealed !== undefined)
      this.#logger.sum('warn', this.#name, `A value in ${this.#name} can be opened with none of \`replicas.keys\``);
    return value;
  }

  async set(key: string, value: string, keeping: SealedKeeping): Promise<void> {
    const place = this.#prefixKey(key);
    const sealed = this.#ring.seal(value, place);
    this.#written?.set(key, true, { ...keeping, bytes: measureText(sealed) });
    try {
      await this.#guarded.insist(() => this.#store.write(place, sealed, keeping.lifetimeMs));
    } catch (error) {
      this.#written?.delete(key);
      throw error;
    }
    const { freshForMs = 0 } = keeping;
    if (freshForMs <= 0 || !this.#store.expiresByItself) return;
    await this.#guarded.attempt(() => this.#store.write(toMarkKey(place), computeMark(sealed), freshForMs));
  }

  async delete(key: string): Promise<boolean> {
    this.#written?.delete(key);
    return await this.#guarded.insist(() => this.#store.delete(this.#prefixKey(key)));
  }

  stop(): void {
    this.#guarded.stop();
  }

  /** Makes room. What cannot be deleted expires by itself. */
  async #forget(key: string): Promise<void> {
    await this.#guarded.attempt(() => this.#store.delete(this.#prefixKey(key)));
  }

  #prefixKey(key: string): string {
    return `${this.#prefix}:${key}`;
  }
}

/** Where the store has a mark for as long as a value is fresh. */
function toMarkKey(place: string): string {
  return `${place}:fresh`;
}

/** Tells apart the values that were at one place. */
function computeMark(sealed: unknown): string {
  return createHash('sha256').update(String(sealed)).digest('base64url');
}

/** A store in the memory of this process. */
export class MemoryStore implements SealedStore {
  readonly #values: FairCache<{ readonly text: string; readonly freshForMs: number; readonly age: Stopwatch }>;

  /** @param shares - what callers may keep here */
  constructor(shares: Shares) {
    this.#values = new FairCache(shares);
  }

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#values.get(key)?.text);
  }

  read(key: string): Promise<SealedValue | undefined> {
    const found = this.#values.get(key);
    return Promise.resolve(found && { value: found.text, isFresh: found.age.elapsed < found.freshForMs });
  }

  async set(key: string, value: string, { freshForMs = 0, ...keeping }: SealedKeeping): Promise<void> {
    const kept = { text: value, freshForMs, age: new Stopwatch() };
    this.#values.set(key, kept, { ...keeping, bytes: measureText(value) });
    await Promise.resolve();
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.#values.delete(key));
  }

  stop(): void {
    this.#values.clear();
  }
}

/** What model APIs accept as the key of a property. */
const LEGAL = /^[A-Za-z0-9_.-]{1,64}$/;

/** Keys that models may write, in place of keys of the API that they may not. The same key has the same alias all over. */
export class PropertyKeys {
  readonly #aliases = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #legal = new Set<string>();

  /** @param taken - keys that mean themselves, so that no alias may be one of them */
  constructor(private readonly taken: ReadonlySet<string> = new Set()) {}

  /** Keys that mean themselves. */
  get legal(): ReadonlySet<string> {
    return this.#legal;
  }

  /** Whether a key stands for another one in one place, and for itself in another. */
  get isAmbiguous(): boolean {
    return [...this.#keys.keys()].some((alias) => this.#legal.has(alias));
  }

  /** The key that a model writes. */
  toAlias(key: string): string {
    if (LEGAL.test(key)) {
      this.#legal.add(key);
      return key;
    }
    const known = this.#aliases.get(key);
    if (known !== undefined) return known;
    const alias = this.#choose(toLegal(key));
    this.#aliases.set(key, alias);
    this.#keys.set(alias, key);
    return alias;
  }

  /** The key that the API knows. */
  toKey(alias: string): string {
    return this.#keys.get(alias) ?? alias;
  }

  /** Puts the keys of the API back, at all levels. */
  restore(value: unknown): unknown {
    if (this.#keys.size === 0 || typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((one) => this.restore(one));
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [this.toKey(key), this.restore(one)]));
  }

  #choose(wanted: string): string {
    let alias = wanted;
    for (let number = 2; this.#keys.has(alias) || this.taken.has(alias); number += 1) {
      alias = `${wanted.slice(0, 60)}_${number}`;
    }
    return alias;
  }
}

/** A legal key that reads like the other one. */
export function toLegal(key: string): string {
  const legal = key
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 64);
  return legal === '' ? 'value' : legal;
}

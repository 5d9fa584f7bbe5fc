import { comparePatterns } from './pattern-relation.js';
import type { RawValues, UriPattern } from './uri-pattern.js';

/** What a URI leads to, and the values of its variables. */
export interface UriMatch<Item> {
  readonly item: Item;
  readonly values: RawValues;
}

interface Entry<Item> {
  readonly item: Item;
  readonly pattern: UriPattern;
  /** Entries whose patterns are around this one. */
  readonly around: Set<Entry<Item>>;
}

const NONE: RawValues = new Map();

/** Finds items by URI. A URI is more specific than a template, and a template than one that is around it. */
export class UriIndex<Item> {
  readonly #exact = new Map<string, Item[]>();
  /** No pattern is after one that is around it. */
  readonly #entries: Entry<Item>[] = [];

  add(pattern: UriPattern, item: Item): void {
    const text = readExact(pattern);
    if (text !== undefined) {
      this.#exact.set(text, [...(this.#exact.get(text) ?? []), item]);
      return;
    }
    const entry: Entry<Item> = { item, pattern, around: new Set() };
    for (const other of this.#entries) {
      const relation = comparePatterns(pattern, other.pattern);
      if (relation === 'within') entry.around.add(other);
      if (relation === 'around') other.around.add(entry);
    }
    const index = this.#entries.findIndex((other) => entry.around.has(other));
    this.#entries.splice(index < 0 ? this.#entries.length : index, 0, entry);
  }

  /** @param pattern - with which the item was added */
  remove(pattern: UriPattern, item: Item): void {
    const text = readExact(pattern);
    if (text !== undefined) {
      const others = (this.#exact.get(text) ?? []).filter((one) => one !== item);
      if (others.length > 0) this.#exact.set(text, others);
      else this.#exact.delete(text);
      return;
    }
    const index = this.#entries.findIndex((entry) => entry.item === item);
    const [removed] = index < 0 ? [] : this.#entries.splice(index, 1);
    for (const { around } of this.#entries) if (removed) around.delete(removed);
  }

  /** The first of the most specific. */
  find(uri: string): UriMatch<Item> | undefined {
    const [item] = this.#exact.get(uri) ?? [];
    if (item !== undefined) return { item, values: NONE };
    for (const entry of this.#entries) {
      const values = entry.pattern.match(uri);
      if (values) return { item: entry.item, values };
    }
    return undefined;
  }

  /** All that match, but for those that are around another one that does. */
  findMostSpecific(uri: string): readonly Item[] {
    const exact = this.#exact.get(uri);
    if (exact) return exact;
    const found: Entry<Item>[] = [];
    for (const entry of this.#entries) {
      const isWider = found.some(({ around }) => around.has(entry));
      if (!isWider && entry.pattern.match(uri)) found.push(entry);
    }
    return found.map(({ item }) => item);
  }
}

/** The only URI of a pattern without variables. */
function readExact({ parts: [text = '', ...more] }: UriPattern): string | undefined {
  return typeof text === 'string' && more.length === 0 ? text : undefined;
}

import { PatternIndex } from './pattern-index.js';
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
  /** How many were added before. */
  readonly order: number;
  /** Entries whose patterns are around this one. */
  readonly around: Set<Entry<Item>>;
  /** Entries whose patterns are within this one. */
  readonly within: Set<Entry<Item>>;
}

const NONE: RawValues = new Map();

/** Finds items by URI. A URI is more specific than a template, and a template than one that is around it. */
export class UriIndex<Item> {
  readonly #exact = new Map<string, Item[]>();
  readonly #entries = new Map<Item, Entry<Item>>();
  readonly #patterns = new PatternIndex<Entry<Item>>();
  #added = 0;

  add(pattern: UriPattern, item: Item): void {
    const text = readExact(pattern);
    if (text !== undefined) {
      this.#exact.set(text, [...(this.#exact.get(text) ?? []), item]);
      return;
    }
    const entry: Entry<Item> = { item, pattern, order: (this.#added += 1), around: new Set(), within: new Set() };
    for (const other of this.#patterns.listNear(pattern)) {
      const relation = comparePatterns(pattern, other.pattern);
      if (relation === 'within') nest(entry, other);
      if (relation === 'around') nest(other, entry);
    }
    this.#entries.set(item, entry);
    this.#patterns.add(pattern, entry);
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
    const entry = this.#entries.get(item);
    if (!entry) return;
    this.#entries.delete(item);
    this.#patterns.remove(pattern, entry);
    for (const { within } of entry.around) within.delete(entry);
    for (const { around } of entry.within) around.delete(entry);
  }

  /** The first of the most specific. */
  find(uri: string): UriMatch<Item> | undefined {
    const [item] = this.#exact.get(uri) ?? [];
    if (item !== undefined) return { item, values: NONE };
    const [first] = this.#match(uri);
    return first && { item: first.entry.item, values: first.values };
  }

  /** All that match, but for those that are around another one that does. */
  findMostSpecific(uri: string): readonly Item[] {
    return this.#exact.get(uri) ?? this.#match(uri).map(({ entry: { item } }) => item);
  }

  /** The most specific entries that match, in the order in which they were added. */
  #match(uri: string): readonly Match<Item>[] {
    const matches = this.#patterns.listCandidates(uri).flatMap((entry): Match<Item>[] => {
      const values = entry.pattern.match(uri);
      return values ? [{ entry, values }] : [];
    });
    if (matches.length < 2) return matches;
    return matches
      .filter(({ entry: { within } }) => !matches.some(({ entry }) => within.has(entry)))
      .sort((a, b) => a.entry.order - b.entry.order);
  }
}

interface Match<Item> {
  readonly entry: Entry<Item>;
  readonly values: RawValues;
}

function nest<Item>(inner: Entry<Item>, outer: Entry<Item>): void {
  inner.around.add(outer);
  outer.within.add(inner);
}

/** The only URI of a pattern without variables. */
function readExact({ parts: [text = '', ...more] }: UriPattern): string | undefined {
  return typeof text === 'string' && more.length === 0 ? text : undefined;
}

import { PrefixTree, type Selection } from './prefix-tree.js';
import type { UriPattern } from './uri-pattern.js';

/** So few items are looked at one by one. */
const FEW = 4;

/** Items by the texts that their patterns begin and end with, so that most of many need not be looked at. */
export class PatternIndex<Item> {
  readonly #beginnings = new PrefixTree<Item>();
  /** From right to left. */
  readonly #ends = new PrefixTree<Item>();

  add(pattern: UriPattern, item: Item): void {
    this.#beginnings.add(readBeginning(pattern), item);
    this.#ends.add(readEnd(pattern), item);
  }

  /** @param pattern - with which the item was added */
  remove(pattern: UriPattern, item: Item): void {
    this.#beginnings.delete(readBeginning(pattern), item);
    this.#ends.delete(readEnd(pattern), item);
  }

  /** Lists all whose patterns match a URI, with some that do not. Each pattern has a variable. */
  listCandidates(uri: string): readonly Item[] {
    return listFewer(this.#beginnings.selectShorter(uri), () => this.#ends.selectShorter(reverse(uri)));
  }

  /** Lists all whose patterns may have a URI in common with this one, with some that have none. */
  listNear(pattern: UriPattern): readonly Item[] {
    return listFewer(this.#beginnings.selectNear(readBeginning(pattern)), () =>
      this.#ends.selectNear(readEnd(pattern)),
    );
  }
}

function listFewer<Item>(one: Selection<Item>, select: () => Selection<Item>): readonly Item[] {
  if (one.size <= FEW) return one.list();
  const other = select();
  return (other.size < one.size ? other : one).list();
}

function readBeginning({ parts: [first] }: UriPattern): string {
  return typeof first === 'string' ? first : '';
}

function readEnd({ parts }: UriPattern): string {
  const last = parts.at(-1);
  return typeof last === 'string' ? reverse(last) : '';
}

/** By units of UTF-16, as texts are compared. */
function reverse(text: string): string {
  return text.split('').reverse().join('');
}

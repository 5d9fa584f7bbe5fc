import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { JsonSizes } from './json-size.js';

/** Something that was left out. */
export interface LeftOut {
  /** Where it was, such as `data.orders`. Empty for the whole. */
  readonly path: string;
  /** Items of a list that are kept, and all of them. `undefined` if it is no list. */
  readonly items?: { readonly kept: number; readonly total: number };
  /** Characters that it had. */
  readonly size: number;
}

/** An answer that fits. */
export interface FittedJson {
  readonly value: JsonObject;
  readonly leftOut: readonly LeftOut[];
}

/** Characters of an object or a list that stays as it is, among its siblings. */
const SMALL = 200;

/** Members that are objects, of which there are more in a map only. */
const MANY = 8;

/** Share of an object that its plain members may take, if it has larger ones. */
const PLAIN_SHARE = 0.75;

const NOTHING = Symbol('nothing fits');

/**
 * Makes an answer fit: lists lose whole items at their end, the largest ones first. What is around them stays. Where
 * there are no lists, the largest members are left out. No value is cut.
 *
 * @param maxSize - in characters of JSON
 */
export function fitJson(value: JsonObject, maxSize: number): FittedJson {
  const fitting = new Fitting();
  return { value: fitting.shrinkObject(value, maxSize, ''), leftOut: fitting.leftOut };
}

interface Member {
  readonly name: string;
  readonly value: unknown;
  /** Characters with its name. */
  readonly size: number;
}

class Fitting {
  readonly leftOut: LeftOut[] = [];
  readonly #sizes = new JsonSizes();

  /** @returns a part of what is too large, or `NOTHING` if no part of it fits */
  #shrink(value: unknown, room: number, path: string): unknown {
    if (room < 2) return NOTHING;
    if (Array.isArray(value)) return this.#shrinkList(value as unknown[], room, path);
    return isJsonObject(value) ? this.shrinkObject(value, room, path) : NOTHING;
  }

  #shrinkList(list: readonly unknown[], room: number, path: string): readonly unknown[] {
    const kept: unknown[] = [];
    // There is one comma less than there are items.
    let left = room - 1;
    for (const item of list) {
      left -= this.#sizes.measure(item) + 1;
      if (left < 0) break;
      kept.push(item);
    }
    // An item that is too large alone is better in part than not at all.
    const first = kept.length === 0 ? this.#shrink(list[0], room - 2, `${path}[0]`) : NOTHING;
    if (first !== NOTHING) kept.push(first);
    if (kept.length < list.length)
      this.leftOut.push({
        path,
        items: { kept: kept.length, total: list.length },
        size: this.#sizes.measure(list) - this.#sizes.measure(kept),
      });
    return kept;
  }

  shrinkObject(object: JsonObject, room: number, path: string): JsonObject {
    const members = Object.entries(object).map(([name, value]) => ({
      name,
      value,
      size: JsonSizes.measureName(name) + this.#sizes.measure(value),
    }));
    const dropped = new Set<Member>();
    const isLarge = ({ value, size }: Member) => typeof value === 'object' && value !== null && size > SMALL;
    const large = sortBySize(members.filter(isLarge));
    const plain = sortBySize(members.filter((member) => !isLarge(member)));
    const share = large.length > 0 ? room * PLAIN_SHARE : room;
    let taken = 2 + plain.reduce((sum, { size }) => sum + size, 0);
    for (const largest of plain.reverse()) {
      if (taken <= share) break;
      dropped.add(largest);
      taken -= largest.size;
    }
    // Parts of each entry of a map are worth less than some entries.
    const isMap = large.length > MANY && !large.some(({ value }) => Array.isArray(value));
    let largeSize = large.reduce((sum, { size }) => sum + size, 0);
    while (large.length > 1 && (isMap ? largeSize > room - taken : (room - taken) / large.length < SMALL)) {
      const largest = large.pop() as Member;
      dropped.add(largest);
      largeSize -= largest.size;
    }
    const level = findLevel(large, room - taken);
    return Object.fromEntries(
      members.flatMap((member) => {
        const { name, value, size } = member;
        const at = path === '' ? name : `${path}.${name}`;
        const isKept = !dropped.has(member) && (size <= level || !isLarge(member));
        const shrunk = isKept
          ? value
          : dropped.has(member)
            ? NOTHING
            : this.#shrink(value, level - JsonSizes.measureName(name), at);
        if (shrunk !== NOTHING) return [[name, shrunk]];
        this.leftOut.push({ path: at, size: this.#sizes.measure(value) });
        return [];
      }),
    );
  }
}

/** The largest size that all of them may have, so that they fit together. */
function findLevel(sorted: readonly Member[], room: number): number {
  let left = room;
  for (const [index, { size }] of sorted.entries()) {
    const level = left / (sorted.length - index);
    if (size > level) return Math.floor(level);
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

/** Smallest first. Of equal ones, the last is last. */
function sortBySize(members: Member[]): Member[] {
  return members.sort((one, other) => one.size - other.size);
}

import { isJsonObject } from '../../json/json-object.js';

/** Counts the characters of values as JSON. What was counted once is remembered. */
export class JsonSizes {
  readonly #known = new WeakMap<object, number>();

  /** @param value - JSON, whose levels are limited */
  measure(value: unknown): number {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value).length;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const size = this.#measureMembers(value);
    this.#known.set(value, size);
    return size;
  }

  /** @returns characters of a name, its colon and a comma */
  static measureName(name: string): number {
    return JSON.stringify(name).length + 2;
  }

  #measureMembers(value: object): number {
    if (!isJsonObject(value)) return (value as unknown[]).reduce<number>((sum, one) => sum + this.measure(one) + 1, 2);
    return Object.entries(value).reduce((sum, [name, one]) => sum + JsonSizes.measureName(name) + this.measure(one), 2);
  }
}

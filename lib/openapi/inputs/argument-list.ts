import { toLegalKey } from './property-keys.js';
import type { Schema } from './translated-schema.js';

interface Argument {
  readonly key: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** The arguments of a tool, each with a legal key that no other has. */
export class ArgumentList {
  readonly #arguments = new Map<string, Argument>();

  /**
   * Adds an argument. One whose name is taken says where it goes: `query_id`, `body_name`.
   *
   * @param name - that the API knows
   * @param place - where it is sent
   * @returns its key
   */
  add(name: string, place: string, schema: Schema, isRequired: boolean): string {
    const key = this.#chooseKey(toLegalKey(name), place);
    this.#arguments.set(key, { key, schema, isRequired });
    return key;
  }

  /** The key of each. */
  get keys(): ReadonlySet<string> {
    return new Set(this.#arguments.keys());
  }

  /**
   * The schema of all of them. Those that are required come first.
   *
   * @param description - of all of them
   */
  toSchema(description: string): Schema {
    const all = [...this.#arguments.values()];
    const required = all.filter(({ isRequired }) => isRequired);
    const optional = all.filter(({ isRequired }) => !isRequired);
    return {
      type: 'object',
      ...(description !== '' && { description }),
      properties: Object.fromEntries([...required, ...optional].map(({ key, schema }) => [key, schema])),
      ...(required.length > 0 && { required: required.map(({ key }) => key) }),
      additionalProperties: false,
    };
  }

  #chooseKey(wanted: string, place: string): string {
    if (!this.#arguments.has(wanted)) return wanted;
    const prefixed = `${place}_${wanted}`.slice(0, 60);
    let key = prefixed;
    for (let number = 2; this.#arguments.has(key); number += 1) key = `${prefixed}_${number}`;
    return key;
  }
}

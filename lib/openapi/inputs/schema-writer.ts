import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { readProperties } from './merged-schemas.js';
import { findAliases } from './property-keys.js';
import { boundText } from './schema-texts.js';
import type { SchemaTranslator } from './schema-translation.js';
import type { Schema } from './translated-schema.js';

/** How much of a schema is written. */
export interface WritingLimits {
  /** Levels of members that are described. `Infinity` writes what is used several times as a definition. */
  readonly depth: number;
  /** Characters of the description of an argument. */
  readonly description: number;
  /** Characters of the description of a member of an argument. */
  readonly memberDescription: number;
  /** Values of an enumeration. */
  readonly values: number;
}

/** A written schema, and the keys of the API that its aliases stand for, by the object schema that has them. */
export interface WrittenSchema {
  readonly schema: JsonObject;
  readonly renamed: ReadonlyMap<JsonObject, ReadonlyMap<string, string>>;
}

/** Said where the members of a value are left out. */
const LEFT_OUT = 'What it may contain is not described here, because of its size.';

/** Values of a long enumeration that are told in words. */
const TOLD_VALUES = 5;

/** Writes translated schemas as JSON Schema 2020-12 that is complete: it refers to nothing but its own `$defs`. */
export class SchemaWriter {
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #renamed = new Map<JsonObject, ReadonlyMap<string, string>>();
  #left: number;

  /**
   * @param uses - how often each definition is referred to
   * @param maxSchemas - gives up above so many schemas
   */
  constructor(
    private readonly translator: Pick<SchemaTranslator, 'define' | 'direction' | 'resolve'>,
    private readonly limits: WritingLimits,
    private readonly uses: ReadonlyMap<string, number>,
    maxSchemas: number,
  ) {
    this.#left = maxSchemas;
  }

  /**
   * @param root - its own keys are legal: those of arguments, or of an answer
   * @returns `undefined` if it is too large
   */
  write(root: Schema): WrittenSchema | undefined {
    const schema = this.#write(root, 0);
    const $defs: Record<string, JsonObject> = {};
    // Writing a definition may name further ones, which the loop then meets.
    for (const [place, name] of this.#names) $defs[name] = this.#write(this.translator.define(place), 2);
    if (this.#left < 0) return undefined;
    if (this.#names.size === 0) return { schema, renamed: this.#renamed };
    const { additionalProperties, ...rest } = schema;
    const closed = { ...rest, $defs, ...(additionalProperties !== undefined && { additionalProperties }) };
    return { schema: closed, renamed: this.#renamed };
  }

  /**
   * @param depth - 0 for the arguments, 1 for an argument
   * @param others - keys that other parts of the same `allOf` have
   */
  #write(schema: Schema, depth: number, others: readonly string[] = []): JsonObject {
    this.#left -= 1;
    if (this.#left < 0) return {};
    const { $ref, ...beside } = schema;
    if (typeof $ref === 'string') {
      if (this.limits.depth !== Infinity || this.uses.get($ref) === 1)
        return this.#write({ ...this.translator.define($ref), ...beside }, depth, others);
      return { $ref: `#/$defs/${this.#name($ref)}`, ...this.#writeNotes(beside, depth) };
    }
    if (depth > this.limits.depth && isDeep(schema)) return this.#leaveOut(schema, depth);
    const { patternProperties } = schema;
    // Models write no answers.
    const keys = this.translator.direction === 'input' ? Object.keys(readProperties(schema)) : [];
    const aliases = findAliases(keys, others);
    const written: JsonObject = {};
    for (const [keyword, value] of Object.entries(this.#writeNotes(schema, depth))) {
      const kept = this.#writeKeyword(keyword, value, aliases, depth);
      if (kept !== undefined) written[keyword] = kept;
    }
    if (aliases.size > 0) {
      // An alias could match a pattern that is for other keys.
      if (patternProperties !== undefined) {
        delete written.patternProperties;
        delete written.additionalProperties;
      }
      this.#renamed.set(written, new Map([...aliases].map(([key, alias]) => [alias, key])));
    }
    return written;
  }

  #writeKeyword(keyword: string, value: unknown, aliases: ReadonlyMap<string, string>, depth: number): unknown {
    const toAlias = (key: string) => aliases.get(key) ?? key;
    switch (keyword) {
      case 'withheld':
        return undefined;
      case 'properties':
        return mapMembers(value, (one, key) => [toAlias(key), this.#write(one as Schema, depth + 1)]);
      case 'patternProperties':
        return mapMembers(value, (one, key) => [key, this.#write(one as Schema, depth + 1)]);
      case 'required':
        return (value as string[]).map(toAlias);
      case 'dependentRequired':
        return mapMembers(value, (one, key) => [toAlias(key), (one as string[]).map(toAlias)]);
      case 'items':
      case 'additionalProperties':
        return isJsonObject(value) ? this.#write(value, depth + 1) : value;
      case 'anyOf':
        return (value as Schema[]).map((one) => this.#write(one, depth));
      case 'allOf':
        return this.#writeParts(value as Schema[], depth);
      default:
        return value;
    }
  }

  #writeParts(parts: readonly Schema[], depth: number): readonly JsonObject[] {
    const keys = parts.flatMap((one) => Object.keys(readProperties(this.translator.resolve(one))));
    return parts.map((one) => this.#write(one, depth, keys));
  }

  /** The same schema with shorter texts and enumerations. */
  #writeNotes(schema: Schema, depth: number): Schema {
    const { values } = this.limits;
    const max = this.#maxText(depth);
    const { description: said, enum: list, ...rest } = schema;
    const isLong = Array.isArray(list) && list.length > values;
    const told = isLong && values > 0 ? `One of ${list.length}, such as ${describeValues(list)}.` : undefined;
    const text = typeof said === 'string' && max > 0 ? boundText(said, max) : undefined;
    const full = [text, told].filter((one) => one !== undefined).join(' ');
    const { title: _title, examples: _examples, default: _default, ...brief } = rest;
    if (max === 0 && values === 0) delete brief.pattern;
    return {
      ...(max < BRIEF ? brief : rest),
      ...(full !== '' && { description: full }),
      ...(list !== undefined && !isLong && { enum: list }),
    };
  }

  #leaveOut(schema: Schema, depth: number): JsonObject {
    const { type, description } = this.#writeNotes(schema, depth);
    const told = this.#maxText(depth) > 0 || depth > 1 ? [description, LEFT_OUT] : [];
    const text = told.filter((one) => typeof one === 'string').join(' ');
    return { ...(type !== undefined && { type }), ...(text !== '' && { description: text }) };
  }

  /** Characters of a description. */
  #maxText(depth: number): number {
    return depth <= 1 ? this.limits.description : this.limits.memberDescription;
  }

  #name(place: string): string {
    const known = this.#names.get(place);
    if (known !== undefined) return known;
    const wanted =
      place
        .replace(/^.*[#/]/s, '')
        .replace(/[^A-Za-z0-9_.-]+/g, '_')
        .slice(0, 60) || 'schema';
    let name = wanted;
    for (let number = 2; this.#taken.has(name); number += 1) name = `${wanted}_${number}`;
    this.#taken.add(name);
    this.#names.set(place, name);
    return name;
  }
}

/** Below so many characters there is no place for further notes. */
const BRIEF = 200;

/** Whether a schema has members, or alternatives that may have some. */
function isDeep({ properties, items, additionalProperties, anyOf, allOf }: Schema): boolean {
  return (
    properties !== undefined ||
    anyOf !== undefined ||
    allOf !== undefined ||
    isJsonObject(items) ||
    isJsonObject(additionalProperties)
  );
}

function mapMembers(value: unknown, map: (one: unknown, key: string) => readonly [string, unknown]): JsonObject {
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, one]) => map(one, key)));
}

function describeValues(values: readonly unknown[]): string {
  return values
    .slice(0, TOLD_VALUES)
    .map((one) => boundText(JSON.stringify(one), 60))
    .join(', ');
}

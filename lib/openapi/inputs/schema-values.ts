import type { JsonObject } from '../../json/json-object.js';
import type { JsonType } from './schema-keywords.js';

/** Characters of a default or an example, as JSON. */
const MAX_VALUE = 200;

/** Examples that are kept. */
const MAX_EXAMPLES = 3;

/** Whether a value is of a type (JSON Schema 2020-12, section 6.1.1). */
export function isOfType(value: unknown, type: JsonType): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

/**
 * The value that is meant by one of another type: `type: string` with `enum: [1, 2]` in YAML, and the like.
 *
 * @param types - that are allowed. An empty list allows all
 * @returns `undefined` if the value can be none of these types
 */
export function toType(value: unknown, types: readonly JsonType[]): unknown {
  if (types.length === 0 || types.some((type) => isOfType(value, type))) return value;
  if (types.includes('string') && (typeof value === 'number' || typeof value === 'boolean')) return String(value);
  if (typeof value !== 'string') return undefined;
  const read = readScalar(value);
  return types.some((type) => type !== 'null' && isOfType(read, type)) ? read : undefined;
}

function readScalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/**
 * The values of `enum` or `const`, without repetition.
 *
 * @param onDropped - called if none of them can be a value of these types
 * @returns `undefined` if any value is allowed
 */
export function readValues(
  schema: JsonObject,
  types: readonly JsonType[],
  onDropped: (keyword: string) => void,
): readonly unknown[] | undefined {
  const keyword = 'const' in schema ? 'const' : 'enum';
  const given: unknown = keyword === 'const' ? [schema.const] : schema.enum;
  if (!Array.isArray(given) || given.length === 0) return undefined;
  const meant = given.map((value: unknown) => toType(value, types)).filter((value) => value !== undefined);
  if (meant.length === 0) onDropped(keyword);
  return meant.length === 0 ? undefined : [...new Map(meant.map((value) => [JSON.stringify(value), value])).values()];
}

/**
 * Texts of an `enum` none of whose values is of the types beside it. Generators name the values of numbers so:
 * `type: integer` with `enum: ['1 (Basic)']`. An API may take either.
 */
export function readStrayTexts({ enum: given }: JsonObject, types: readonly JsonType[]): readonly string[] {
  const texts = Array.isArray(given) ? given.filter((value) => typeof value === 'string') : [];
  const isStray = texts.length > 0 && (given as unknown[]).every((value) => toType(value, types) === undefined);
  return isStray ? [...new Set(texts)] : [];
}

/** `default`, if it is a value of these types and short. */
export function readDefault(schema: JsonObject, types: readonly JsonType[]): { readonly default?: unknown } {
  const value = schema.default === undefined ? undefined : toType(schema.default, types);
  return value === undefined || !isShort(value) ? {} : { default: value };
}

/** `example` and `examples`: the first short ones. */
export function readExamples(
  { example, examples }: JsonObject,
  types: readonly JsonType[],
): { readonly examples?: readonly unknown[] } {
  const given = [
    ...(example === undefined ? [] : [example]),
    ...(Array.isArray(examples) ? (examples as unknown[]) : []),
  ];
  const kept = given
    .slice(0, MAX_EXAMPLES)
    .map((value) => toType(value, types))
    .filter((value) => value !== undefined && value !== null && value !== '' && isShort(value));
  return kept.length === 0 ? {} : { examples: kept };
}

function isShort(value: unknown): boolean {
  return JSON.stringify(value).length <= MAX_VALUE;
}

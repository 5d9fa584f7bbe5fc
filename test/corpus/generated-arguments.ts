import fc from 'fast-check';
import { isJsonObject, type JsonObject } from '../../lib/json/json-object.js';

/** Levels of objects and lists with optional members. */
const DEPTH = 3;

/** Levels of references. What is deeper has to be endless. */
const MAX_DEPTH = 12;

/** Characters that are written in some other way somewhere. Separators of lists are none: readers take them apart. */
const CHARACTERS = [...'abcXYZ019-_.~ %+&=/?#\'"<>{}é中'];

/**
 * Generates arguments from the schema of a tool.
 *
 * @param schema - as models see it
 * @param seed - the same seed makes the same arguments
 */
export function generateArguments(schema: JsonObject, seed: number): JsonObject {
  const [args] = fc.sample(new ArgumentsGenerator(schema).generate(schema, 0), { seed, numRuns: 1 });
  return args as JsonObject;
}

class ArgumentsGenerator {
  readonly #definitions: JsonObject;
  readonly #referred = new Map<string, fc.Arbitrary<unknown>>();

  constructor({ $defs }: JsonObject) {
    this.#definitions = isJsonObject($defs) ? $defs : {};
  }

  generate(schema: unknown, depth: number): fc.Arbitrary<unknown> {
    if (!isJsonObject(schema) || depth > MAX_DEPTH) return fc.constant('a');
    if (typeof schema.$ref === 'string') return this.#refer(schema.$ref, depth);
    if ('const' in schema) return fc.constant(schema.const);
    if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
    if (Array.isArray(schema.allOf)) return this.#merge(schema, schema.allOf, depth);
    if (Array.isArray(schema.anyOf)) {
      const { anyOf, ...rest } = schema;
      const choices = (anyOf as unknown[]).map((one) =>
        isJsonObject(rest.properties) ? this.#merge(rest, [one], depth) : this.generate(one, depth + 1),
      );
      return depth > DEPTH ? (choices[0] ?? fc.constant('a')) : fc.oneof(...choices);
    }
    const [type] = [schema.type].flat();
    if (type === 'object' || schema.properties !== undefined) return this.#generateObject(schema, depth);
    if (type === 'array') return this.#generateList(schema, depth);
    if (type === 'integer' || type === 'number') return generateNumber(schema, type);
    if (type === 'boolean') return fc.boolean();
    if (type === 'null') return fc.constant(null);
    return type === 'string' ? generateText(schema) : fc.constant('any');
  }

  #refer($ref: string, depth: number): fc.Arbitrary<unknown> {
    const key = `${depth} ${$ref}`;
    let known = this.#referred.get(key);
    if (!known) {
      known = this.generate(this.#definitions[$ref.slice('#/$defs/'.length)], depth + 1);
      this.#referred.set(key, known);
    }
    return known;
  }

  #merge(schema: JsonObject, parts: readonly unknown[], depth: number): fc.Arbitrary<unknown> {
    const { allOf: _parts, ...own } = schema;
    const all = own.type === undefined && own.properties === undefined ? parts : [own, ...parts];
    return fc
      .tuple(...all.map((one) => this.generate(one, depth + 1)))
      .map((values) => (values.every(isJsonObject) ? (Object.assign({}, ...values) as unknown) : values[0]));
  }

  #generateObject({ properties, required, additionalProperties }: JsonObject, depth: number): fc.Arbitrary<unknown> {
    const named = Object.entries(isJsonObject(properties) ? properties : {});
    const needed = Array.isArray(required) ? (required as string[]) : [];
    const kept = named.filter(([key], index) => needed.includes(key) || (depth < DEPTH && index < 12));
    const model = Object.fromEntries(kept.map(([key, one]) => [key, this.generate(one, depth + 1)]));
    const known = fc.record(model, { requiredKeys: needed.filter((key) => key in model), noNullPrototype: true });
    if (!isJsonObject(additionalProperties)) return known;
    const free = fc.record({ k1: this.generate(additionalProperties, depth + 1) }, { noNullPrototype: true });
    return fc.tuple(known, free).map(([one, other]) => ({ ...one, ...other }));
  }

  #generateList({ items, minItems, maxItems, uniqueItems }: JsonObject, depth: number): fc.Arbitrary<unknown> {
    const minLength = Math.max(typeof minItems === 'number' ? minItems : 0, depth <= DEPTH ? 1 : 0);
    const maxLength = Math.max(minLength, Math.min(typeof maxItems === 'number' ? maxItems : 3, 3));
    const member = this.generate(items ?? {}, depth + 1);
    if (uniqueItems === true)
      return fc.uniqueArray(member, { minLength, maxLength, selector: (one) => JSON.stringify(one) });
    return fc.array(member, { minLength, maxLength });
  }
}

function generateNumber(schema: JsonObject, type: 'integer' | 'number'): fc.Arbitrary<number> {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema as Record<string, number>;
  const step = multipleOf ?? (type === 'integer' ? 1 : 0.25);
  const low = Math.ceil((minimum ?? (exclusiveMinimum === undefined ? -1_000 : exclusiveMinimum + step)) / step);
  const high = Math.floor((maximum ?? (exclusiveMaximum === undefined ? 1e6 : exclusiveMaximum - step)) / step);
  if (!(low <= high)) return fc.constant((minimum ?? maximum ?? 0) as number);
  const [min, max] = [Math.max(low, -1e9), Math.min(high, 1e9)];
  return (min <= max ? fc.integer({ min, max }) : fc.constant(low)).map((one) => one * step);
}

const FORMATS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  date: fc.constantFrom('2026-01-02', '1999-12-31'),
  'date-time': fc.constantFrom('2026-01-02T03:04:05Z', '2026-01-02T03:04:05.678+01:00'),
  duration: fc.constant('P1DT2H'),
  email: fc.constantFrom('a+b@example.com', "o'neil@example.org"),
  hostname: fc.constant('api.example.com'),
  ipv4: fc.ipV4(),
  ipv6: fc.constant('2001:db8::1'),
  'json-pointer': fc.constant('/a~1b/0'),
  regex: fc.constant('^a+$'),
  'relative-json-pointer': fc.constant('1/a'),
  time: fc.constant('03:04:05Z'),
  uri: fc.constantFrom('https://example.com/a?b=c&d=%20#e', 'urn:a:b'),
  'uri-reference': fc.constant('/a?b=c'),
  'uri-template': fc.constant('/a/{b}'),
  uuid: fc.uuid(),
};

function generateText(schema: JsonObject): fc.Arbitrary<string> {
  const { pattern, format, contentEncoding } = schema;
  const { minLength = 1, maxLength = minLength + 12 } = schema as Record<string, number>;
  if (contentEncoding === 'base64') return fc.base64String({ minLength: 4, maxLength: 24 });
  if (typeof pattern === 'string') {
    const matching = fc.stringMatching(new RegExp(pattern, 'u'), { size: 'xsmall' });
    const fits = ({ length }: string) => length >= minLength && (schema.maxLength === undefined || length <= maxLength);
    // A filter would try for ever where few texts are long enough.
    return fc.array(matching, { minLength: 8, maxLength: 8 }).map((texts) => texts.find(fits) ?? texts[0] ?? '');
  }
  const known = typeof format === 'string' ? FORMATS[format] : undefined;
  if (known) return known;
  const most = Math.max(minLength, Math.min(maxLength, minLength + 12));
  const text = fc.string({ unit: fc.constantFrom(...CHARACTERS), minLength, maxLength: most });
  // It neither begins nor ends with a space, and cannot climb.
  return text.map((one) => one.replace(/^./u, 'a').replace(/.$/u, 'z'));
}

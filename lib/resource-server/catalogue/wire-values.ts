import type { StandardSchemaV1, StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { ToolSchema } from '../decorators/access-options.js';
import { isJsonObject } from '../../json/json-object.js';

/** How often a value is read anew. Each time, more of its parts are known to be dates. */
const MAX_ROUNDS = 8;

/** A date and time as JSON Schema has it (`date-time`, RFC 3339 section 5.6). */
const dateTime = z.iso.datetime({ offset: true });

/** What a big number is on the wire. */
const DIGITS = String.raw`^-?\d+$`;

const INTEGER = /^-?\d{1,400}$/;

const EXAMPLE = '2026-01-31T10:00:00Z';

/** What to write in place of a type that JSON has no values for. */
const FIXES: Readonly<Record<string, string>> = {
  custom: 'z.codec(), from a type that JSON has to yours',
  file: 'z.base64(), or the URL of the file',
  function: 'the values that the function would return',
  map: 'z.record(z.string(), …), or z.array() of pairs',
  nan: 'z.number()',
  promise: 'the type that the promise is of',
  set: 'z.array(…)',
  symbol: 'z.enum([…])',
  transform: 'z.codec(), or .pipe() with the type that comes out: z.string().transform(…).pipe(z.number())',
  undefined: 'z.optional(…), or z.null()',
  void: 'z.optional(…), or z.null()',
};

type Issue = z.core.$ZodIssue;
type Direction = 'input' | 'output';

/**
 * Describes a schema of zod as JSON Schema, with what its dates and big numbers are on the wire: strings.
 *
 * @throws Error with the types that JSON has no values for, where they are, and what to write in their place
 */
export function describeWire(schema: ToolSchema, direction: Direction): Record<string, unknown> | undefined {
  if (!isZod(schema)) return undefined;
  const problems: string[] = [];
  const described = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: direction,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      const { type } = zodSchema._zod.def;
      const fix = FIXES[type];
      // What a codec or a pipe turns into something else is not on the wire.
      if (type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      else if (type === 'bigint') Object.assign(jsonSchema, { type: 'string', pattern: DIGITS });
      else if (fix !== undefined && Object.keys(jsonSchema).every((key) => ANNOTATIONS.has(key)))
        problems.push(`z.${type}()${describePath(path)}: use ${fix}`);
    },
  });
  if (problems.length > 0) throw new Error(`has types that JSON has no values for. ${problems.join('; ')}`);
  return described;
}

/**
 * Describes a schema of zod for a form, with dates and big numbers as texts. Forms have no patterns.
 *
 * @throws Error as {@link describeWire} does, when it is asked for the JSON Schema
 */
export function describeForm(schema: StandardSchemaWithJSON): StandardSchemaWithJSON {
  if (!isZod(schema)) return schema;
  const describe = () => {
    const described = describeWire(schema, 'input') ?? {};
    for (const property of Object.values((described.properties ?? {}) as Record<string, { pattern?: string }>))
      if (property.pattern === DIGITS) delete property.pattern;
    return described;
  };
  return { '~standard': { ...schema['~standard'], jsonSchema: { input: describe, output: describe } } };
}

/** Reads a value, in which dates may be strings, and strings dates. Most fit as they are, and need no promise. */
export function validateWire(
  schema: ToolSchema,
  value: unknown,
  direction: Direction,
): StandardSchemaV1.Result<unknown> | Promise<StandardSchemaV1.Result<unknown>> {
  const result = schema['~standard'].validate(value);
  // A library may say both.
  const { issues } = result as { readonly issues?: unknown };
  return 'value' in result && issues === undefined ? result : readWire(schema, value, direction, result);
}

async function readWire(
  schema: ToolSchema,
  value: unknown,
  direction: Direction,
  first: StandardSchemaV1.Result<unknown> | Promise<StandardSchemaV1.Result<unknown>>,
): Promise<StandardSchemaV1.Result<unknown>> {
  let result = await first;
  if (!isZod(schema)) {
    const isText = direction === 'output' && result.issues !== undefined;
    return isText ? await schema['~standard'].validate(toTexts(value)) : result;
  }
  for (let round = 0; result.issues && round < MAX_ROUNDS; round += 1) {
    const issues = result.issues as readonly Issue[];
    const read = issues.reduce((one, issue) => readAt(one, issue, [], direction), value);
    if (read === value) break;
    value = read;
    result = await schema['~standard'].validate(value);
  }
  return result.issues ? { issues: (result.issues as readonly Issue[]).map(explain) } : result;
}

/** Converts where an issue says that another type is expected there. */
function readAt(value: unknown, issue: Issue, base: readonly PropertyKey[], direction: Direction): unknown {
  const path = [...base, ...issue.path];
  if (issue.code === 'invalid_union')
    return issue.errors.flat().reduce((one, nested) => readAt(one, nested, path, direction), value);
  if (issue.code !== 'invalid_type') return value;
  const { expected } = issue;
  return replaceAt(value, path, (part) => {
    if (expected === 'date' && typeof part === 'string' && dateTime.safeParse(part).success) return new Date(part);
    if (expected === 'bigint' && isInteger(part)) return BigInt(part);
    // A method returns what it has.
    return direction === 'output' && expected === 'string' ? toText(part) : part;
  });
}

/** Values that are texts in JSON. */
function toText(value: unknown): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? value : value.toISOString();
  if (value instanceof URL) return value.href;
  return typeof value === 'bigint' ? value.toString() : value;
}

/** Does the same everywhere in a value: other libraries do not say alike where they want a text. */
function toTexts(value: unknown): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map(toTexts);
  if (!isJsonObject(value)) return toText(value);
  const text = toText(value);
  return text === value ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toTexts(part)])) : text;
}

function isInteger(value: unknown): value is string | number {
  return typeof value === 'string' ? INTEGER.test(value) : Number.isSafeInteger(value);
}

/** A copy in which the value at a path is another. The same, if it is not. */
function replaceAt(value: unknown, path: readonly PropertyKey[], replace: (part: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replace(value);
  if (!Array.isArray(value) && !isJsonObject(value)) return value;
  if (!Object.hasOwn(value, key)) return value;
  const part: unknown = Reflect.get(value, key);
  const replaced = replaceAt(part, rest, replace);
  if (replaced === part) return value;
  const copy: object = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  Object.defineProperty(copy, key, { value: replaced, writable: true, enumerable: true, configurable: true });
  return copy;
}

function explain(issue: Issue): Issue {
  if (issue.code !== 'invalid_type' || issue.expected !== 'date') return issue;
  return { ...issue, message: `Invalid input: expected a date and time with its offset, such as ${EXAMPLE}` };
}

/** Whether a schema is one of zod 4, of any copy of it. */
export function isZod(schema: ToolSchema): schema is ToolSchema & z.core.$ZodType {
  return schema instanceof z.core.$ZodType;
}

const ANNOTATIONS: ReadonlySet<string> = new Set(['title', 'description', 'default', 'examples', 'deprecated', 'id']);

/** Keywords of JSON Schema between the names of properties. */
const KEYWORDS: ReadonlySet<PropertyKey> = new Set(['properties', 'items', 'anyOf', 'allOf', 'additionalProperties']);

function describePath(path: readonly PropertyKey[]): string {
  const names = path.filter((part) => !KEYWORDS.has(part)).map(String);
  return names.length > 0 ? ` at ${names.join('.')}` : '';
}

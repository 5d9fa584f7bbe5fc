import type { ToolSchema } from '../decorators/access-options.js';

type JsonSchema = Record<string, unknown>;
type Direction = 'input' | 'output';
type Convert = ToolSchema['~standard']['jsonSchema']['input'];

/** What dates and big numbers of a result are once they are JSON. */
const WRITTEN: Readonly<Record<string, JsonSchema>> = {
  date: { type: 'string', format: 'date-time' },
  bigint: { type: 'string', pattern: String.raw`^-?\d+$` },
};

/** What a library calls a type that it cannot describe. */
interface Undescribed {
  readonly code: string;
  readonly base: JsonSchema;
  readonly domain?: string;
  readonly proto?: { readonly name: string };
}

/** What to write in place of a type that JSON has no values for, in the words of a library. */
const FIXES: Readonly<Record<string, string>> = {
  valibot:
    'Take what JSON has, and convert it: v.pipe(v.string(), v.isoTimestamp(), v.toDate()) for a date, v.pipe(v.string(), v.toBigint()) for a big number, v.array() for a set',
  arktype:
    'Take what JSON has, and convert it: "string.date.iso.parse" for a date, type("string").pipe((text) => BigInt(text)) for a big number, an array for a set',
};

/** What makes a schema of a library one that describes itself. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  valibot: 'Wrap it in toStandardJsonSchema() of @valibot/to-json-schema',
  arktype: 'Use arktype 2.1.28 or later',
};

/** What to do with a schema that cannot describe itself as JSON Schema. */
export function sayHowToDescribe(vendor: string): string {
  return DESCRIPTIONS[vendor] ?? 'Use zod 4.2 or later, or another library with Standard JSON Schema';
}

/**
 * Converts a schema of valibot or of arktype. Dates and big numbers of results are texts. Those of arguments would never
 * fit, because no client can send one.
 *
 * @throws Error with what JSON has no values for, and what to write in its place
 */
export function describeForeign(vendor: string, direction: Direction, convert: Convert): JsonSchema {
  const fix = FIXES[vendor];
  if (fix === undefined) return convert({ target: 'draft-2020-12' });
  const undescribed = new Set<string>();
  const write = (type: string) => (direction === 'output' ? WRITTEN[type] : undefined);
  const libraryOptions = {
    // Of arktype, which otherwise describes such a type as anything.
    fallback: ({ code, base, domain, proto }: Undescribed) => {
      const type = code === 'proto' ? proto?.name : code === 'domain' ? domain : code === 'date' ? code : undefined;
      if (type === undefined) return base;
      const written = write(type);
      if (!written) undescribed.add(type);
      return { ...base, ...written };
    },
    // Of valibot.
    overrideSchema: ({ valibotSchema }: { readonly valibotSchema: { readonly type: string } }) =>
      write(valibotSchema.type),
    overrideAction: ({ valibotAction, jsonSchema }: { valibotAction: { type: string }; jsonSchema: JsonSchema }) => {
      if (valibotAction.type === 'to_date') return write('date');
      return jsonSchema.format === 'date-time' && direction === 'output' ? jsonSchema : undefined;
    },
  };
  const refuse = (what: string, cause?: unknown) =>
    new Error(`has types that JSON has no values for: ${what}. ${fix}`, { cause });
  let described: JsonSchema;
  try {
    described = convert({ target: 'draft-2020-12', libraryOptions });
  } catch (error) {
    throw refuse((error as Error).message.replace(/\.$/, ''), error);
  }
  if (undescribed.size > 0) throw refuse([...undescribed].join(', '));
  return described;
}

import { isJsonObject, type JsonObject } from '../../json/json-object.js';

/** Types of JSON Schema. */
export type JsonType = 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string';

const TYPES: ReadonlySet<unknown> = new Set<JsonType>([
  'array',
  'boolean',
  'integer',
  'null',
  'number',
  'object',
  'string',
]);

/** Types that documents write though there are none of that name, and what they mean. */
const MISNAMED: Readonly<Record<string, JsonType>> = {
  bool: 'boolean',
  date: 'string',
  'date-time': 'string',
  datetime: 'string',
  double: 'number',
  enum: 'string',
  file: 'string',
  float: 'number',
  int: 'integer',
  list: 'array',
  long: 'integer',
  map: 'object',
  text: 'string',
  uuid: 'string',
};

/** Formats that validators know (JSON Schema Validation 2020-12, section 7.3). Others say nothing to a validator. */
const FORMATS: ReadonlySet<unknown> = new Set([
  'date',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'json-pointer',
  'regex',
  'relative-json-pointer',
  'time',
  'uri',
  'uri-reference',
  'uri-template',
  'uuid',
]);

/** Whether a value is right for a keyword. */
type Check = (value: unknown) => boolean;

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isText: Check = (value) => typeof value === 'string';

/** Keywords that hold no schema, by the type that they are about. */
const KEYWORDS: Readonly<Partial<Record<JsonType, Readonly<Record<string, Check>>>>> = {
  string: {
    minLength: isCount,
    maxLength: isCount,
    pattern: isPattern,
    format: (value) => FORMATS.has(value),
    contentEncoding: isText,
    contentMediaType: isText,
  },
  number: {
    minimum: isNumber,
    maximum: isNumber,
    exclusiveMinimum: isNumber,
    exclusiveMaximum: isNumber,
    // Validators compute with binary fractions: 1.1 would be no multiple of 0.01.
    multipleOf: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  },
  array: {
    minItems: isCount,
    maxItems: isCount,
    uniqueItems: (value) => typeof value === 'boolean',
  },
  object: {
    minProperties: isCount,
    maxProperties: isCount,
  },
};

/** Keywords whose presence says which type is meant. */
const HINTS: Readonly<Partial<Record<JsonType, readonly string[]>>> = {
  object: [
    'properties',
    'additionalProperties',
    'patternProperties',
    'minProperties',
    'maxProperties',
    'dependentRequired',
    'propertyNames',
  ],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern', 'contentEncoding', 'contentMediaType'],
  number: ['minimum', 'maximum', 'multipleOf'],
};

/** Types that a schema allows. An empty list allows all. */
export function readTypes(schema: JsonObject): readonly JsonType[] {
  const named = [schema.type].flat().flatMap((type): JsonType[] => {
    if (TYPES.has(type)) return [type as JsonType];
    const meant = typeof type === 'string' ? MISNAMED[type.toLowerCase()] : undefined;
    return meant ? [meant] : [];
  });
  if (named.length > 0) return [...new Set(named)];
  if (Array.isArray(schema.enum)) return [];
  // Documents of old write `required: true` on a property.
  const hinted = Object.entries(HINTS).filter(([type, keywords]) =>
    type === 'object' && Array.isArray(schema.required) ? true : keywords.some((one) => schema[one] !== undefined),
  );
  return hinted.length === 1 ? [hinted[0]?.[0] as JsonType] : [];
}

/**
 * Copies the keywords of a type that hold no schema. Leaves out what is not valid.
 *
 * @param onDropped - called with each keyword that is left out
 */
export function copyKeywords(schema: JsonObject, type: JsonType, onDropped: (keyword: string) => void): JsonObject {
  const copied: JsonObject = {};
  for (const [keyword, isRight] of Object.entries(KEYWORDS[type === 'integer' ? 'number' : type] ?? {})) {
    const value = schema[keyword];
    if (value === undefined) continue;
    if (isRight(value)) copied[keyword] = value;
    else if (keyword !== 'format' && !isFraction(keyword, value)) onDropped(keyword);
  }
  return copied;
}

/** A keyword that is right, though it is not kept. */
function isFraction(keyword: string, value: unknown): boolean {
  return keyword === 'multipleOf' && typeof value === 'number' && value > 0;
}

/** Limits of OpenAPI 3.0 are booleans beside the bound (JSON Schema draft 5). */
export function convertBounds(schema: JsonObject): JsonObject {
  let converted = schema;
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (typeof schema[exclusive] !== 'boolean') continue;
    const { [bound]: value, [exclusive]: isExclusive, ...rest } = converted;
    converted = { ...rest, ...(value !== undefined && { [isExclusive ? exclusive : bound]: value }) };
  }
  return converted;
}

/** Whether a value is a regular expression that validators take (JSON Schema 2020-12, section 6.4). */
export function isPattern(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  try {
    new RegExp(value, 'u');
    return true;
  } catch {
    return false;
  }
}

/** Names of the properties. */
export function listProperties(schema: JsonObject): readonly string[] {
  return isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
}

import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../../json/json-object.js';
import type { Schema } from './translated-schema.js';

/** Keywords of an object that can be merged. A schema with another one stays as it is. */
const MERGED: ReadonlySet<string> = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'title',
  'description',
  'default',
  'deprecated',
  'examples',
  'minProperties',
  'maxProperties',
  'withheld',
]);

/** Keywords that say nothing about a value. */
const NOTES: ReadonlySet<string> = new Set(['title', 'description', 'default', 'deprecated', 'examples']);

/** Keywords whose schemas are not only about the value itself. */
const NESTED = ['properties', 'items', 'anyOf', 'allOf', 'not', '$ref'];

/** One schema that demands what all of them demand: a flat one where they are plain, else with `allOf`. */
export function mergeSchemas(schemas: readonly Schema[]): Schema {
  const given = schemas.filter((one) => Object.keys(one).length > 0);
  // "One of these has to be there" would keep properties from being arguments, and the API says so itself.
  const members = given.some(hasProperties) ? given.filter((one) => !isDemand(one)) : given;
  const [first] = members;
  if (!first) return {};
  if (members.length === 1) return first;
  const plain = members.filter(isPlain);
  if (plain.length === members.length) return members.reduce(mergeTwo);
  const joined = members.reduce<Schema | undefined>((one, other) => one && joinScalars(one, other), {});
  if (joined) return joined;
  const withheld = new Set(members.flatMap(readWithheld));
  return { allOf: withheld.size === 0 ? members : members.map((one) => withhold(one, withheld)) };
}

function isPlain(schema: Schema): boolean {
  const isObject = schema.type === undefined || schema.type === 'object';
  return isObject && Object.keys(schema).every((keyword) => MERGED.has(keyword));
}

function hasProperties(schema: Schema): boolean {
  return isPlain(schema) && Object.keys(readProperties(schema)).length > 0;
}

/** Whether a schema lists alternatives that only say which properties are required. */
function isDemand({ anyOf, ...rest }: Schema): boolean {
  return (
    Array.isArray(anyOf) &&
    Object.keys(rest).length === 0 &&
    anyOf.every(
      (one: Schema) =>
        isPlain(one) &&
        one.additionalProperties === undefined &&
        Object.values(readProperties(one)).every((property) => Object.keys(property).length === 0),
    )
  );
}

/** One schema of two that are not about members, and do not contradict each other. */
function joinScalars(one: Schema, other: Schema): Schema | undefined {
  if ([one, other].some((schema) => NESTED.some((keyword) => keyword in schema))) return undefined;
  const contradicts = Object.entries(other).some(
    ([keyword, value]) => keyword in one && !NOTES.has(keyword) && !isDeepStrictEqual(one[keyword], value),
  );
  return contradicts ? undefined : { ...one, ...other };
}

function mergeTwo(one: Schema, other: Schema): Schema {
  const properties = new Map(Object.entries(readProperties(one)));
  for (const [name, schema] of Object.entries(readProperties(other))) {
    const known = properties.get(name);
    properties.set(name, known === undefined ? schema : mergeProperty(known, schema));
  }
  const required = [...new Set([one, other].flatMap(readRequired))];
  // Each part forbids what the others have: no value would fit all of them.
  const open = [one.additionalProperties, other.additionalProperties].find(isJsonObject);
  const { additionalProperties: _one, ...rest } = { ...other, ...one };
  const withheld = [...new Set([one, other].flatMap(readWithheld))];
  const merged = {
    ...rest,
    ...((properties.size > 0 || required.length > 0) && { type: 'object', properties: Object.fromEntries(properties) }),
    ...(required.length > 0 && { required }),
    ...(open && { additionalProperties: open }),
    ...(withheld.length > 0 && { withheld }),
  };
  return withheld.length > 0 ? withhold(merged, new Set(withheld)) : merged;
}

/** The part that says more wins: many documents repeat a property of a base to describe it. */
function mergeProperty(one: Schema, other: Schema): Schema {
  return isDeepStrictEqual(one, other) ? one : mergeSchemas([one, other]);
}

/** Takes out what another part of the same object says is read-only. */
function withhold(schema: Schema, names: ReadonlySet<string>): Schema {
  const { required: _required, properties: _properties, ...rest } = schema;
  const properties = Object.entries(readProperties(schema)).filter(([name]) => !names.has(name));
  const required = readRequired(schema).filter((name) => !names.has(name));
  return {
    ...rest,
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    ...(required.length > 0 && { required }),
  };
}

/** Schemas of the properties, by the keys that the API knows. */
export function readProperties(schema: Schema): Readonly<Record<string, Schema>> {
  return isJsonObject(schema.properties) ? (schema.properties as Record<string, Schema>) : {};
}

/** Keys of the properties that have to be there. */
export function readRequired(schema: Schema): readonly string[] {
  return Array.isArray(schema.required) ? (schema.required as string[]) : [];
}

function readWithheld(schema: Schema): readonly string[] {
  return Array.isArray(schema.withheld) ? (schema.withheld as string[]) : [];
}

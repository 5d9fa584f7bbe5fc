import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../../json/json-object.js';

type Schema = JsonObject;

/** Keywords that can be merged. A schema with another one stays as it is. */
const MERGED: ReadonlySet<string> = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'title',
  'description',
  'default',
  'deprecated',
  'minProperties',
  'maxProperties',
]);

/** One schema that demands what all of them demand: a flat one where they are plain objects, else with `allOf`. */
export function mergeObjects(schemas: readonly Schema[]): Schema {
  const members = schemas.filter((one) => Object.keys(one).length > 0);
  const [first] = members;
  if (!first) return {};
  if (members.length === 1) return first;
  return members.every(isPlain) ? members.reduce(mergeTwo) : { allOf: members };
}

function isPlain(schema: Schema): boolean {
  const isObject = schema.type === undefined || schema.type === 'object';
  return isObject && Object.keys(schema).every((keyword) => MERGED.has(keyword));
}

function mergeTwo(one: Schema, other: Schema): Schema {
  const properties = { ...readProperties(one) };
  for (const [name, schema] of Object.entries(readProperties(other))) {
    const known = properties[name];
    properties[name] = known === undefined ? schema : mergeProperty(known, schema);
  }
  const required = [...new Set([one, other].flatMap(readRequired))];
  // Each part forbids what the others have: no value would fit all of them.
  const open = [one.additionalProperties, other.additionalProperties].find(isJsonObject);
  const { additionalProperties: _one, ...rest } = { ...other, ...one };
  return {
    ...rest,
    ...((Object.keys(properties).length > 0 || required.length > 0) && { type: 'object', properties }),
    ...(required.length > 0 && { required }),
    ...(open && { additionalProperties: open }),
  };
}

/** The part that says more wins: many documents repeat a property of a base to describe it. */
function mergeProperty(one: Schema, other: Schema): Schema {
  if (isDeepStrictEqual(one, other) || Object.keys(other).length === 0) return one;
  if (Object.keys(one).length === 0) return other;
  return mergeObjects([one, other]);
}

function readProperties(schema: Schema): Record<string, Schema> {
  return isJsonObject(schema.properties) ? (schema.properties as Record<string, Schema>) : {};
}

function readRequired(schema: Schema): readonly string[] {
  return Array.isArray(schema.required) ? (schema.required as string[]) : [];
}

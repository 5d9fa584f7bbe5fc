import { readProperties, readRequired } from './merged-schemas.js';
import type { SchemaTranslator } from './schema-translation.js';
import type { Schema } from './translated-schema.js';

/** A schema without a member. */
export interface WithoutMember {
  readonly schema: Schema;
  /** Whether an object had to have it. */
  readonly isRequired: boolean;
}

/**
 * Takes a member out of a schema.
 *
 * @param path - the members that lead to it
 * @returns `undefined` if it has no such member
 */
export function removeMember(
  translator: Pick<SchemaTranslator, 'resolve'>,
  schema: Schema,
  path: readonly string[],
): WithoutMember | undefined {
  const [name, ...rest] = path;
  if (name === undefined) return undefined;
  const resolved = translator.resolve(schema);
  const parts = removeFromParts(translator, resolved, path);
  const properties = readProperties(resolved);
  const member = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (member === undefined) return parts;
  const base = parts?.schema ?? resolved;
  const required = readRequired(resolved);
  if (rest.length === 0) {
    const { [name]: _removed, ...others } = properties;
    const { required: _required, ...kept } = base;
    const needed = required.filter((one) => one !== name);
    return {
      schema: { ...kept, properties: others, ...(needed.length > 0 && { required: needed }) },
      isRequired: required.includes(name) || (parts?.isRequired ?? false),
    };
  }
  const inner = removeMember(translator, member, rest);
  if (!inner) return parts;
  return { ...inner, schema: { ...base, properties: { ...properties, [name]: inner.schema } } };
}

function removeFromParts(
  translator: Pick<SchemaTranslator, 'resolve'>,
  schema: Schema,
  path: readonly string[],
): WithoutMember | undefined {
  let result: WithoutMember | undefined;
  for (const keyword of ['allOf', 'anyOf'] as const) {
    const parts = schema[keyword];
    if (!Array.isArray(parts)) continue;
    const removed = parts.map((one: Schema) => removeMember(translator, one, path));
    if (removed.every((one) => one === undefined)) continue;
    const members = parts.map((one: Schema, index) => removed[index]?.schema ?? one);
    result = {
      schema: { ...(result?.schema ?? schema), [keyword]: members },
      isRequired: (result?.isRequired ?? false) || removed.some((one) => one?.isRequired),
    };
  }
  return result;
}

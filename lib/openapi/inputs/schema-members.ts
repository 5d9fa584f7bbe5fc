import { readProperties, readRequired } from './merged-schemas.js';
import type { SchemaTranslator } from './schema-translation.js';
import type { Schema } from './translated-schema.js';

/** A schema without a member. */
export interface WithoutMember {
  readonly schema: Schema;
  /** Whether an object had to have it. */
  readonly isRequired: boolean;
}

type Resolver = Pick<SchemaTranslator, 'resolve'>;

/**
 * Takes a member out of a schema.
 *
 * @param path - the members that lead to it
 * @returns `undefined` if it has no such member
 */
export function removeMember(translator: Resolver, schema: Schema, path: readonly string[]): WithoutMember | undefined {
  let rest = translator.resolve(schema);
  const found: WithoutMember[] = [];
  for (const remove of [removeProperty, removeFrom('allOf'), removeFrom('anyOf')]) {
    const removed = remove(translator, rest, path);
    if (!removed) continue;
    found.push(removed);
    rest = removed.schema;
  }
  return found.length > 0 ? { schema: rest, isRequired: found.some(({ isRequired }) => isRequired) } : undefined;
}

function removeProperty(translator: Resolver, schema: Schema, path: readonly string[]): WithoutMember | undefined {
  const [name = '', ...inner] = path;
  const properties = readProperties(schema);
  if (!Object.hasOwn(properties, name)) return undefined;
  const { [name]: member = {}, ...others } = properties;
  if (inner.length > 0) {
    const removed = removeMember(translator, member, inner);
    return removed && { ...removed, schema: { ...schema, properties: { ...others, [name]: removed.schema } } };
  }
  const { required: _required, ...kept } = schema;
  const required = readRequired(schema);
  const needed = required.filter((one) => one !== name);
  return {
    schema: { ...kept, properties: others, ...(needed.length > 0 && { required: needed }) },
    isRequired: needed.length < required.length,
  };
}

/** @param keyword - whose schemas are about the same object */
function removeFrom(keyword: 'allOf' | 'anyOf'): typeof removeMember {
  return (translator, schema, path) => {
    const parts = schema[keyword];
    if (!Array.isArray(parts)) return undefined;
    const removed = parts.map((one: Schema) => removeMember(translator, one, path));
    if (removed.every((one) => one === undefined)) return undefined;
    return {
      schema: { ...schema, [keyword]: parts.map((one: Schema, index) => removed[index]?.schema ?? one) },
      isRequired: removed.some((one) => one?.isRequired),
    };
  };
}

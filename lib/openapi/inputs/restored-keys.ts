import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { WrittenSchema } from './schema-writer.js';

/** Whether a value fits a part of a schema with these definitions. */
export type Accepts = (part: JsonObject, $defs: JsonObject, value: unknown) => boolean;

/**
 * Puts the keys of the API back where the schema has aliases for them. Keys of free-form objects stay as they are, even if
 * one reads like an alias. Where several alternatives have different keys, the first that takes the value decides.
 *
 * @param value - that the schema takes
 */
export function restoreKeys({ schema, renamed }: WrittenSchema, value: unknown, accepts: Accepts): unknown {
  if (renamed.size === 0) return value;
  const $defs = isJsonObject(schema.$defs) ? schema.$defs : {};
  return new KeyRestoration($defs, renamed, accepts).restore(value, [schema]);
}

class KeyRestoration {
  constructor(
    private readonly $defs: JsonObject,
    private readonly renamed: WrittenSchema['renamed'],
    private readonly accepts: Accepts,
  ) {}

  /** @param schemas - that are about the value, all of them */
  restore(value: unknown, schemas: readonly JsonObject[]): unknown {
    if (typeof value !== 'object' || value === null || schemas.length === 0) return value;
    const all = schemas.flatMap((schema) => this.#listSchemas(schema, value));
    if (Array.isArray(value)) {
      const items = all.map(({ items }) => items).filter(isJsonObject);
      return value.map((one) => this.restore(one, items));
    }
    const members = Object.entries(value).map(([key, one]) => {
      const restored = all.map((schema) => this.renamed.get(schema)?.get(key)).find((name) => name !== undefined);
      const ofMember = all.flatMap((schema) => findMemberSchemas(schema, key));
      return [restored ?? key, this.restore(one, ofMember)] as const;
    });
    return Object.fromEntries(members);
  }

  /** A schema, and those that it says the value has to fit as well. */
  #listSchemas(schema: JsonObject, value: unknown): readonly JsonObject[] {
    if (typeof schema.$ref === 'string') {
      return this.#listSchemas(this.$defs[schema.$ref.slice('#/$defs/'.length)] as JsonObject, value);
    }
    const parts = (keyword: string) => ((schema[keyword] ?? []) as unknown[]).filter(isJsonObject);
    const choices = parts('anyOf');
    const chosen = choices.find((one) => this.accepts(one, this.$defs, value));
    return [
      schema,
      ...parts('allOf').flatMap((one) => this.#listSchemas(one, value)),
      ...(chosen ? this.#listSchemas(chosen, value) : []),
    ];
  }
}

function findMemberSchemas(schema: JsonObject, key: string): readonly JsonObject[] {
  const { properties, additionalProperties, patternProperties } = schema;
  const named = isJsonObject(properties) && Object.hasOwn(properties, key) ? [properties[key]] : [];
  const matching = Object.entries(isJsonObject(patternProperties) ? patternProperties : {})
    .filter(([pattern]) => new RegExp(pattern, 'u').test(key))
    .map(([, one]) => one);
  const found = [...named, ...matching];
  return (found.length > 0 ? found : [additionalProperties]).filter(isJsonObject);
}

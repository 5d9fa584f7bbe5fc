import { isJsonObject } from '../../json/json-object.js';
import type { SchemaTranslator } from './schema-translation.js';
import type { Schema } from './translated-schema.js';

/** What a definition costs a schema that refers to it. */
interface Definition {
  /** Definitions that it refers to, as often as it does. */
  readonly references: readonly string[];
  /** Its schemas: a rough measure of its size. */
  readonly schemas: number;
}

/** Knows which definitions a translated schema reaches. What a definition refers to is found once for a document. */
export class DefinitionUses {
  readonly #definitions = new Map<string, Definition>();

  constructor(private readonly translator: Pick<SchemaTranslator, 'define'>) {}

  /**
   * Counts how often each definition is referred to.
   *
   * @param maxSchemas - gives up above so many schemas
   * @returns the definitions in the order in which they are met, or `undefined` if there are too many schemas
   */
  count(schema: Schema, maxSchemas: number): ReadonlyMap<string, number> | undefined {
    const uses = new Map<string, number>();
    const root = examine(schema);
    let schemas = root.schemas;
    const queue = [...root.references];
    // The loop meets what it adds.
    for (const name of queue) {
      const known = uses.get(name);
      uses.set(name, (known ?? 0) + 1);
      if (known !== undefined) continue;
      const definition = this.#examine(name);
      schemas += definition.schemas;
      if (schemas > maxSchemas) return undefined;
      queue.push(...definition.references);
    }
    return schemas > maxSchemas ? undefined : uses;
  }

  #examine(name: string): Definition {
    let definition = this.#definitions.get(name);
    if (!definition) {
      definition = examine(this.translator.define(name));
      this.#definitions.set(name, definition);
    }
    return definition;
  }
}

/** Lists of schemas, and maps of them. */
const LISTS = ['anyOf', 'allOf'] as const;
const MAPS = ['properties', 'patternProperties'] as const;

/** The schemas that a translated schema consists of. */
export function listParts(schema: Schema): readonly Schema[] {
  return [
    ...MAPS.flatMap((keyword) => Object.values((schema[keyword] ?? {}) as Record<string, unknown>)),
    ...LISTS.flatMap((keyword) => (schema[keyword] ?? []) as unknown[]),
    schema.items,
    schema.additionalProperties,
  ].filter(isJsonObject);
}

function examine(schema: Schema): Definition {
  const references: string[] = [];
  let schemas = 0;
  const visit = (one: Schema) => {
    schemas += 1;
    if (typeof one.$ref === 'string') references.push(one.$ref);
    for (const part of listParts(one)) visit(part);
  };
  visit(schema);
  return { references, schemas };
}

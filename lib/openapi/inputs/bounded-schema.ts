import type { JsonObject } from '../../json/json-object.js';
import { DefinitionUses } from './definition-uses.js';
import type { SchemaTranslator } from './schema-translation.js';
import type { Schema } from './translated-schema.js';
import { SchemaWriter, type WritingLimits, type WrittenSchema } from './schema-writer.js';

/** A schema that is not over a size. */
export interface BoundedSchema extends WrittenSchema {
  /** Whether it says less than the document does. */
  readonly isReduced: boolean;
  /** Whether it takes arguments that it does not name. */
  readonly isOpen: boolean;
}

/** The least that a schema takes, in characters: `"a":{}` and a comma. */
const SMALLEST_SCHEMA = 7;

const FULL: WritingLimits = {
  depth: Infinity,
  description: Infinity,
  memberDescription: Infinity,
  values: Infinity,
};

/** What is left out, step by step: texts of members, long enumerations, deep members, texts of arguments, all members. */
const STEPS: readonly WritingLimits[] = [
  { depth: Infinity, description: 1_000, memberDescription: 150, values: 100 },
  { depth: Infinity, description: 300, memberDescription: 60, values: 30 },
  { depth: Infinity, description: 300, memberDescription: 0, values: 30 },
  ...[6, 5, 4, 3].map((depth) => ({ depth, description: 300, memberDescription: 60, values: 30 })),
  ...[5, 4, 3, 2, 1].map((depth) => ({ depth, description: 300, memberDescription: 0, values: 30 })),
  { depth: 1, description: 100, memberDescription: 0, values: 10 },
  { depth: 0, description: 300, memberDescription: 0, values: 30 },
  { depth: 0, description: 60, memberDescription: 0, values: 5 },
  { depth: 0, description: 0, memberDescription: 0, values: 0 },
];

/** Said in place of arguments. */
const UNNAMED = 'Takes the parameters and the members of the body that the API documents, by their names.';

/** Writes schemas that are not over a size. Each takes whatever the full one takes. */
export class BoundedSchemas {
  readonly #uses: DefinitionUses;

  constructor(private readonly translator: SchemaTranslator) {
    this.#uses = new DefinitionUses(translator);
  }

  /**
   * @param schema - translated
   * @param maxSize - in characters of its JSON
   * @throws {@link DocumentProblem} if it refers to what is not there
   */
  write(schema: Schema, maxSize: number): BoundedSchema {
    // Texts are left out first, so that more schemas than those with texts may fit.
    const maxSchemas = Math.ceil(maxSize / SMALLEST_SCHEMA);
    const uses = this.#uses.count(schema, maxSchemas);
    for (const limits of [FULL, ...STEPS]) {
      if (!uses && limits.depth === Infinity) continue;
      const written = new SchemaWriter(this.translator, limits, uses ?? NO_USES, maxSchemas).write(schema);
      if (written && measure(written.schema) <= maxSize)
        return { ...written, isReduced: limits !== FULL, isOpen: false };
    }
    return { schema: { type: 'object', description: UNNAMED }, renamed: new Map(), isReduced: true, isOpen: true };
  }
}

const NO_USES: ReadonlyMap<string, number> = new Map();

/** Characters of the JSON of a schema. */
function measure(schema: JsonObject): number {
  return JSON.stringify(schema).length;
}

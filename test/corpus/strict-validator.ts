import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject } from '../../lib/json/json-object.js';

/** Ajv in strict mode. */
export class StrictValidator {
  readonly #ajv = new Ajv2020({ strict: true });

  constructor() {
    addFormats.default(this.#ajv);
  }

  /** What Ajv has against a schema. */
  findFault(schema: JsonObject): string | undefined {
    try {
      this.#ajv.compile(schema);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    } finally {
      // Compiled schemas are kept otherwise.
      this.#ajv.removeSchema(schema);
    }
  }
}

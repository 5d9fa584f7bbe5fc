import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { DocumentProblem } from './document-problem.js';
import { isReference, resolveFile, type Located, type OpenApiDocument } from './open-api-document.js';

/** References of the document to places that the conversion moves. */
const MOVED = /^#\/(paths|parameters|responses)\//;

/** Copies parts of a Swagger 2.0 document, and writes what OpenAPI 3.0 says otherwise. */
export class Swagger2Copy {
  /** Names of definitions for what references name at places that the conversion moves. */
  readonly #hoisted = new Map<string, string>();

  constructor(readonly document: OpenApiDocument) {}

  /** @param file - that the value is in. References get independent of it */
  of(value: unknown, file: string): unknown {
    if (Array.isArray(value)) return value.map((one) => this.of(one, file));
    if (!isJsonObject(value)) return value;
    const copy: JsonObject = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.of(one, file)]));
    if (isReference(value)) copy.$ref = this.#rewrite(value.$ref, file);
    if (typeof copy['x-nullable'] === 'boolean') copy.nullable = copy['x-nullable'];
    if (typeof copy.discriminator === 'string') copy.discriminator = { propertyName: copy.discriminator };
    return copy;
  }

  /** Follows references. `undefined` if they lead nowhere. */
  tryFollow(node: Located): Located | undefined {
    try {
      return this.document.follow(node);
    } catch (error) {
      if (error instanceof DocumentProblem) return undefined;
      throw error;
    }
  }

  /** Definitions of what was referred to at places that the conversion moves. */
  takeHoisted(): JsonObject {
    const definitions: JsonObject = {};
    // Copying one may find others.
    for (const [reference, name] of this.#hoisted) {
      const found = this.tryFollow({ ...this.document.root, value: { $ref: reference } });
      if (found) definitions[name] = this.of(found.value, found.file);
    }
    return definitions;
  }

  #rewrite(reference: string, file: string): string {
    const { document } = this;
    if (file !== document.file) {
      const [path = '', fragment = ''] = reference.split('#', 2);
      return `${path === '' ? file : resolveFile(file, path)}#${fragment}`;
    }
    if (!MOVED.test(reference)) return reference;
    const name = this.#hoisted.get(reference) ?? `moved${this.#hoisted.size + 1}`;
    this.#hoisted.set(reference, name);
    return `#/definitions/${name}`;
  }
}

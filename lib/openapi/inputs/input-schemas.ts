import { describePlace, type OpenApiDocument } from '../documents/open-api-document.js';
import { BoundedSchemas } from './bounded-schema.js';
import { SchemaTranslator } from './schema-translation.js';

/** A keyword of a schema that is left out, because it is not valid. */
export interface DroppedKeyword {
  readonly place: string;
  readonly keyword: string;
}

const known = new WeakMap<OpenApiDocument, InputSchemas>();

/** The schemas of what a document takes. Its operations share them, so that each definition is translated once. */
export class InputSchemas {
  readonly translator: SchemaTranslator;
  readonly bounded: BoundedSchemas;

  readonly #dropped = new Map<string, DroppedKeyword>();

  private constructor(document: OpenApiDocument) {
    this.translator = new SchemaTranslator(document, 'input', (node, keyword) => {
      const place = describePlace(node);
      this.#dropped.set(`${place} ${keyword}`, { place, keyword });
    });
    this.bounded = new BoundedSchemas(this.translator);
  }

  /** Keywords that were left out since this was last asked. */
  takeDropped(): readonly DroppedKeyword[] {
    const dropped = [...this.#dropped.values()];
    this.#dropped.clear();
    return dropped;
  }

  /** The schemas of a document. */
  static of(document: OpenApiDocument): InputSchemas {
    let schemas = known.get(document);
    if (!schemas) {
      schemas = new InputSchemas(document);
      known.set(document, schemas);
    }
    return schemas;
  }
}

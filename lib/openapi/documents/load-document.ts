import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { isJsonObject } from '../../json/json-object.js';
import type { DocumentOptions, DocumentSource } from './document-options.js';
import { DocumentProblem } from './document-problem.js';
import { OpenApiDocument } from './open-api-document.js';

/** Name of a document that came from no file, for messages. */
const GIVEN = 'document';

/**
 * Loads a document and the files that it refers to.
 *
 * @throws {@link DocumentProblem} with the place in the document, and the fix
 */
export async function loadDocument({ document }: DocumentOptions): Promise<OpenApiDocument> {
  const source: DocumentSource | object = typeof document === 'function' ? await document() : document;
  if (typeof source === 'string') {
    const file = pathToFileURL(source).href;
    const value: unknown = JSON.parse(await readFile(source, 'utf8'));
    return new OpenApiDocument(file, new Map([[file, value]]));
  }
  if (source instanceof URL || !isJsonObject(source)) throw new DocumentProblem(GIVEN, 'is not an OpenAPI document');
  return new OpenApiDocument(GIVEN, new Map([[GIVEN, source]]));
}

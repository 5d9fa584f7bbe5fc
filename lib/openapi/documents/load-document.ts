import type { DocumentOptions } from './document-options.js';
import { DocumentReader } from './document-reader.js';
import type { OpenApiDocument } from './open-api-document.js';

/**
 * Loads a document and the files that it refers to.
 *
 * @throws {@link DocumentProblem} with the place in the document, and the fix
 */
export async function loadDocument(options: DocumentOptions): Promise<OpenApiDocument> {
  const { document } = await new DocumentReader(options).read();
  return document;
}

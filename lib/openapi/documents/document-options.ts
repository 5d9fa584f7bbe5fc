import { z } from 'zod';
import type { JsonObject } from '../../json/json-object.js';
import { text } from '../../options/text-schema.js';

/**
 * Where an OpenAPI document is: a path, relative to the working directory; a URL, of an origin that `allowOrigins`
 * names; the document itself; or a function that returns one of these.
 */
export type DocumentSource = string | URL | JsonObject | (() => LoadedSource | Promise<LoadedSource>);

/** What a function may return. */
type LoadedSource = string | URL | object;

/** Where the operations are described. */
export interface DocumentOptions {
  /** The OpenAPI document (Swagger 2.0, OpenAPI 3.0, 3.1 or 3.2), as JSON or YAML. */
  document: DocumentSource;
}

/** Schemas of {@link DocumentOptions}. */
export const documentOptionSchemas = {
  document: z.union([text, z.instanceof(URL), z.record(z.string(), z.unknown()), z.function()], {
    error: 'has to be a path, a URL, an OpenAPI document, or a function that returns one',
  }),
};

import { z } from 'zod';
import type { JsonObject } from '../../json/json-object.js';
import { findBackendUrlProblem } from '../../options/option-rules.js';
import { text } from '../../options/text-schema.js';
import { documentLimitsSchema, type DocumentLimits } from './document-limits.js';
import { reloadSchema, type ReloadOptions } from './reload-options.js';

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
  /**
   * Origins that the document and the files of its `$ref`s may be fetched from, such as `https://api.example.com`. They
   * are asked without credentials, and may redirect to each other. Defaults to none.
   */
  allowOrigins?: readonly string[];
  /**
   * Accepts plain http to `allowOrigins`. Whoever is on the way can then change the document: which tools there are, what
   * they say, and which scopes they need. For networks of a cluster or of containers, which nobody else is in.
   */
  acceptClearText?: boolean;
  /**
   * Lets `$ref` read every file that the process may read. Otherwise only files below the directory of the document are
   * read. A document that was fetched reads no files in any case.
   */
  letReferencesReadAnyFile?: boolean;
  /** How much is read. What exceeds it stops the boot. */
  documentLimits?: DocumentLimits;
  /** Whether, and how, the document is read again while the server runs. Defaults to never. */
  reload?: ReloadOptions;
}

/** What is wrong with an origin of `allowOrigins`. */
function findOriginProblem(value: string, acceptClearText: boolean | undefined): string | undefined {
  const problem = findBackendUrlProblem(value, acceptClearText);
  if (problem !== undefined) return problem;
  const { origin } = new URL(value);
  return value === origin ? undefined : `is no origin. Write "${origin}"`;
}

/** Schemas of {@link DocumentOptions}. */
export const documentOptionSchemas = {
  document: z.union([text, z.instanceof(URL), z.record(z.string(), z.unknown()), z.function()], {
    error: 'has to be a path, a URL, an OpenAPI document, or a function that returns one',
  }),
  allowOrigins: z.array(text).optional(),
  acceptClearText: z.boolean().optional(),
  letReferencesReadAnyFile: z.boolean().optional(),
  documentLimits: documentLimitsSchema.optional(),
  reload: reloadSchema.optional(),
};

/** Finds the faults of origins, by their index. */
export function findOriginFaults({
  allowOrigins = [],
  acceptClearText,
}: {
  readonly allowOrigins?: readonly string[] | undefined;
  readonly acceptClearText?: boolean | undefined;
}): readonly (readonly [index: number, problem: string])[] {
  return allowOrigins.flatMap((value, index) => {
    const problem = findOriginProblem(value, acceptClearText);
    return problem === undefined ? [] : [[index, problem] as const];
  });
}

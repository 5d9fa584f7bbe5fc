import { basename } from 'node:path';
import { toTypeName } from '../class-source/identifiers.js';
import { writeClass, type SourceOperation } from '../class-source/class-source.js';
import { isJsonObject } from '../json/json-object.js';
import { matchesOperation } from '../openapi/operations/operation-choice.js';
import type { ExaminedDocument } from './examined-document.js';
import type { ExaminedTool } from './examined-tool.js';

/** Options that the methods say themselves. */
const SAID: ReadonlySet<string> = new Set(['include', 'exclude', 'scopes']);

/**
 * Writes the class of a document.
 *
 * @param path - of the file. The class is named after it
 * @throws Error if the options cannot be written
 */
export function writeDocumentClass(path: string, { options, tools, operations }: ExaminedDocument): string {
  const written = Object.entries<unknown>(options).filter(
    ([option, value]) => !SAID.has(option) && value !== undefined,
  );
  for (const [option, value] of written)
    if (!isWritable(value))
      throw new Error(
        `The option \`${option}\` has a function or an instance of a class, which cannot be written. Write the class by hand`,
      );
  const sources = tools.map((tool) => toSource(tool, operations));
  return writeClass(toTypeName(basename(path).replace(/\.[^.]*$/, '')), Object.fromEntries(written), sources);
}

function toSource({ offered, definition }: ExaminedTool, all: ExaminedDocument['operations']): SourceOperation {
  const { operation, input } = offered;
  const { method, path, id } = operation;
  const place = `${method} ${path}`;
  const isAlone = (pattern: string) => all.filter((one) => matchesOperation(pattern, one)).length === 1;
  const selector = [...(id === undefined ? [] : [id]), place].find(
    (pattern) => matchesOperation(pattern, operation) && isAlone(pattern),
  );
  if (selector === undefined)
    throw new Error(`Nothing names ${place} alone. Leave it out with --exclude, or give it an operationId of its own`);
  const { scopes } = definition.access;
  const hasScopes = Array.isArray(scopes) ? scopes.length > 0 : typeof scopes === 'object';
  return {
    name: definition.name,
    method,
    path,
    selector,
    description: definition.listing.description ?? '',
    scopes: hasScopes ? scopes : undefined,
    input: input.schema,
  };
}

/** Whether a value is one of JSON. An instance of a class, such as a URL, is none. */
function isWritable(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isWritable);
  if (isJsonObject(value))
    return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isWritable);
  return typeof value !== 'function';
}

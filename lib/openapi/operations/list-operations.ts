import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { describePlace, locate, type Located, type OpenApiDocument } from '../documents/open-api-document.js';
import type { ApiOperation } from './api-operation.js';
import { readBody, readParameters } from './operation-inputs.js';
import { readSecurity } from './operation-security.js';

/** Methods that a path may have (OpenAPI 3.2, Path Item Object). `TRACE` is not sent by `fetch`. */
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query'] as const;

/** What a document offers, and what is wrong with the rest. */
export interface ListedOperations {
  readonly operations: readonly ApiOperation[];
  readonly problems: readonly DocumentProblem[];
}

/** Reads all operations of a document. One that is wrong costs no other. */
export function listOperations(document: OpenApiDocument): ListedOperations {
  const operations: ApiOperation[] = [];
  const problems: DocumentProblem[] = [];
  const attempt = (read: () => void) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof DocumentProblem)) throw error;
      problems.push(error);
    }
  };
  const paths = locate(document.root, 'paths');
  for (const path of Object.keys(isJsonObject(paths.value) ? paths.value : {})) {
    if (!path.startsWith('/')) continue;
    attempt(() => {
      const item = followItem(document, locate(paths, path));
      for (const method of METHODS) {
        if (!isJsonObject(item.value[method])) continue;
        attempt(() => operations.push(readOperation(document, item, path, method)));
      }
    });
  }
  return { operations, problems };
}

function followItem(document: OpenApiDocument, node: Located): Located<JsonObject> {
  const item = document.follow(node);
  if (!isObject(item)) throw new DocumentProblem(describePlace(node), 'is not a Path Item Object');
  return item;
}

function readOperation(
  document: OpenApiDocument,
  item: Located<JsonObject>,
  path: string,
  method: (typeof METHODS)[number],
): ApiOperation {
  const source = locate(item, method) as Located<JsonObject>;
  const { operationId, tags, deprecated, summary, description } = source.value;
  return {
    method: method.toUpperCase(),
    path,
    id: readText(operationId),
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    isDeprecated: deprecated === true,
    summary: readText(summary) ?? readText(item.value.summary),
    description: readText(description) ?? readText(item.value.description),
    parameters: readParameters(document, [locate(item, 'parameters'), locate(source, 'parameters')], path),
    body: readBody(document, locate(source, 'requestBody')),
    security: readSecurity(document, source),
    source,
  };
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function isObject(node: Located): node is Located<JsonObject> {
  return isJsonObject(node.value);
}

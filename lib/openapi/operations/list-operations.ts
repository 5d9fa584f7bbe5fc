import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { describePlace, locate, type Located, type OpenApiDocument } from '../documents/open-api-document.js';
import type { ApiOperation, OperationIdentity } from './api-operation.js';
import { readBody, readParameters } from './operation-inputs.js';
import { readSecurity } from './operation-security.js';
import { readExtension } from './tool-extension.js';

/** Methods that a path may have (OpenAPI 3.2, Path Item Object). `TRACE` is not sent by `fetch`. */
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query'] as const;

/** An operation that cannot be offered. */
export interface FaultyOperation {
  /** Its method is `*` if the whole path is faulty. */
  readonly operation: OperationIdentity;
  readonly problem: DocumentProblem;
}

/** The operations of a document. */
export interface ListedOperations {
  readonly operations: readonly ApiOperation[];
  /** Those that cannot be offered. */
  readonly faulty: readonly FaultyOperation[];
}

/** Reads all operations of a document. One that is wrong costs no other. */
export function listOperations(document: OpenApiDocument): ListedOperations {
  const operations: ApiOperation[] = [];
  const faulty: FaultyOperation[] = [];
  const attempt = (operation: OperationIdentity, read: () => void) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof DocumentProblem)) throw error;
      faulty.push({ operation, problem: error });
    }
  };
  const paths = locate(document.root, 'paths');
  for (const path of Object.keys(isJsonObject(paths.value) ? paths.value : {})) {
    if (path.startsWith('x-')) continue;
    attempt(identify(path, '*', {}), () => {
      if (!path.startsWith('/'))
        throw new DocumentProblem(describePlace(locate(paths, path)), 'does not begin with "/". Write the whole path');
      const item = followItem(document, locate(paths, path));
      for (const method of METHODS) {
        const source = item.value[method];
        if (source === undefined) continue;
        const identity = identify(path, method.toUpperCase(), isJsonObject(source) ? source : {});
        attempt(identity, () => operations.push(readOperation(document, item, locate(item, method), identity)));
      }
      const others = locate(item, 'additionalOperations');
      for (const [method, source] of Object.entries(isJsonObject(others.value) ? others.value : {})) {
        const identity = identify(path, method, isJsonObject(source) ? source : {});
        attempt(identity, () => {
          const node = locate(others, method);
          refuseMethod(node, method);
          operations.push(readOperation(document, item, node, identity));
        });
      }
    });
  }
  return { operations, faulty };
}

function followItem(document: OpenApiDocument, node: Located): Located<JsonObject> {
  const item = document.follow(node);
  if (!isObject(item)) throw new DocumentProblem(describePlace(node), 'is not a Path Item Object');
  return item;
}

function identify(path: string, method: string, { operationId, tags, deprecated }: JsonObject): OperationIdentity {
  return {
    method,
    path,
    id: readText(operationId),
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    isDeprecated: deprecated === true,
  };
}

function readOperation(
  document: OpenApiDocument,
  item: Located<JsonObject>,
  source: Located,
  identity: OperationIdentity,
): ApiOperation {
  if (!isObject(source)) throw new DocumentProblem(describePlace(source), 'is not an Operation Object');
  const { summary, description } = source.value;
  return {
    ...identity,
    summary: readText(summary) ?? readText(item.value.summary),
    description: readText(description) ?? readText(item.value.description),
    parameters: readParameters(document, [locate(item, 'parameters'), locate(source, 'parameters')], identity.path),
    body: readBody(document, locate(source, 'requestBody')),
    security: readSecurity(document, source),
    extension: readExtension([document.root, item, source]),
    source,
  };
}

/** Other methods are sent as they are spelled (OpenAPI 3.2, Path Item Object, `additionalOperations`). */
function refuseMethod(node: Located, method: string): void {
  if (METHODS.some((one) => one === method.toLowerCase()))
    throw new DocumentProblem(describePlace(node), `belongs into the path itself, as \`${method.toLowerCase()}\``);
  if (/^(connect|trace|track)$/i.test(method) || !/^[\w!#$%&'*+.^`|~-]+$/.test(method))
    throw new DocumentProblem(describePlace(node), 'is a method that `fetch` does not send (Fetch standard, Methods)');
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function isObject(node: Located): node is Located<JsonObject> {
  return isJsonObject(node.value);
}

import type { JsonObject } from '../../json/json-object.js';
import { isJsonObject } from '../../json/json-object.js';
import { DocumentProblem } from './document-problem.js';

/** A version that can be read. */
export type DocumentVersion = '2.0' | '3.0' | '3.1' | '3.2';

/**
 * Tells which version a document has.
 *
 * @param place - of the document, for messages
 * @throws {@link DocumentProblem} if it is no OpenAPI document, or has a version that is not known
 */
export function readVersion(place: string, value: unknown): DocumentVersion {
  if (!isJsonObject(value)) {
    const kind = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    throw new DocumentProblem(
      place,
      `is ${kind}, not an OpenAPI document. Write an object with \`openapi\` and \`paths\``,
    );
  }
  const { openapi, swagger } = value;
  const found = openapi ?? swagger;
  if (found === undefined) throw new DocumentProblem(place, describeOther(value));
  // YAML reads `3.0` and `2.0` as numbers.
  const text = typeof found === 'number' ? found.toFixed(1) : typeof found === 'string' ? found : '';
  const version = /^(?:3\.[012]|2\.0)(?=$|\.)/.exec(text.trim())?.[0] as DocumentVersion | undefined;
  if (version === undefined || (version === '2.0') !== (openapi === undefined))
    throw new DocumentProblem(
      place,
      `has the version ${JSON.stringify(found)}, which is not known. Use Swagger 2.0, or OpenAPI 3.0, 3.1 or 3.2`,
    );
  return version;
}

/** Writes the version as the specification does. */
export function withVersion(value: JsonObject, version: DocumentVersion): JsonObject {
  return typeof value.openapi === 'string' && value.openapi.startsWith(version)
    ? value
    : { ...value, openapi: version };
}

function describeOther(value: JsonObject): string {
  const other = ['asyncapi', 'swaggerVersion', 'openrpc', 'arazzo', 'overlay', 'postman_id'].find(
    (name) => name in value,
  );
  if (other === 'swaggerVersion')
    return `has Swagger ${JSON.stringify(value.swaggerVersion)}, which is not known. Convert it to OpenAPI 3`;
  const what = other === undefined ? 'has neither `openapi` nor `swagger`' : `is of another kind: it has \`${other}\``;
  return `${what}, so it is not an OpenAPI document. Name the document that has \`openapi: 3.1.0\` or the like`;
}

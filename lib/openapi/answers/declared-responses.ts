import { isJsonObject } from '../../json/json-object.js';
import { locate, type Located, type OpenApiDocument } from '../documents/open-api-document.js';
import { readMediaKind } from '../inputs/media-choice.js';
import type { ApiOperation } from '../operations/api-operation.js';

/** Finds the response that a document declares for a status (OpenAPI 3.1, Responses Object). */
export function findResponse(document: OpenApiDocument, operation: ApiOperation, status: number): Located | undefined {
  const responses = locate(operation.source, 'responses');
  if (!isJsonObject(responses.value)) return undefined;
  const names = Object.keys(responses.value);
  const range = `${Math.floor(status / 100)}XX`;
  const name =
    names.find((one) => one === String(status)) ??
    names.find((one) => one.toUpperCase() === range) ??
    names.find((one) => one === 'default');
  return name === undefined ? undefined : followSafely(document, locate(responses, name));
}

/** The responses of success: those of 2xx, else `default`. */
export function listSuccesses(document: OpenApiDocument, operation: ApiOperation): readonly Located[] {
  const responses = locate(operation.source, 'responses');
  const names = isJsonObject(responses.value) ? Object.keys(responses.value) : [];
  const ours = names.filter((name) => /^2(?:\d\d|XX)$/i.test(name));
  const chosen = ours.length > 0 ? ours : names.filter((name) => name === 'default');
  return chosen.flatMap((name) => followSafely(document, locate(responses, name)) ?? []);
}

/** Media types of a response. */
export function listMediaTypes({ value }: Located): readonly string[] {
  return isJsonObject(value) && isJsonObject(value.content) ? Object.keys(value.content) : [];
}

/** The schema of a response as JSON, if it has one. */
export function findJsonSchema(document: OpenApiDocument, response: Located): Located | undefined {
  const mediaType = listMediaTypes(response).find((one) => readMediaKind(one) === 'json');
  if (mediaType === undefined) return undefined;
  const media = followSafely(document, locate(response, 'content', mediaType));
  const schema = media && locate(media, 'schema');
  return schema && isJsonObject(schema.value) ? schema : undefined;
}

/** A response that refers to nothing is none. */
function followSafely(document: OpenApiDocument, node: Located): Located | undefined {
  try {
    return document.follow(node);
  } catch {
    return undefined;
  }
}

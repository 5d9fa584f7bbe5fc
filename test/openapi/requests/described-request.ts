import type { JsonObject } from '../../../lib/json/json-object.js';
import { buildRequest } from '../../../lib/openapi/requests/operation-request.js';
import type { ReceivedRequest } from './judged-request.js';
import { describeOperation } from './request-case.js';
import { toReceived } from './sent-request.js';

/** An operation for a test, as a document describes it. */
export interface Described {
  readonly path?: string;
  readonly method?: string;
  readonly parameters?: readonly JsonObject[];
  readonly requestBody?: JsonObject;
}

/** A document with one operation. */
export function toDocument({ path = '/x', method = 'post', ...operation }: Described): JsonObject {
  return {
    openapi: '3.1.0',
    info: { title: 'An API', version: '1' },
    paths: { [path]: { [method]: { operationId: 'operate', ...operation } } },
  };
}

/** The request of an operation with these arguments. */
export function request(described: Described, args: JsonObject): ReceivedRequest {
  const { path = '/x', method = 'post' } = described;
  const { operation, input } = describeOperation({ path, method, mini: toDocument(described) });
  return toReceived(buildRequest(operation, input, args));
}

/** The body of a request, as text. */
export function bodyOf({ body }: ReceivedRequest): string {
  return Buffer.from(body).toString();
}

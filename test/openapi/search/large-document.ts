import type { JsonObject } from '../../../lib/json/json-object.js';

const GROUPS = 5;

/** A document of `GET /items/0`, `GET /items/1`, and so on, in five groups. */
export function createLargeDocument(operations: number, { tags = true } = {}): JsonObject {
  const paths = Array.from({ length: operations }, (_one, index) => [
    `/items/${index}`,
    {
      get: {
        operationId: `getItem${index}`,
        summary: `Reads item ${index}.`,
        ...(tags && { tags: [`group ${index % GROUPS}`] }),
        responses: { 200: { description: 'The item' } },
      },
    },
  ]);
  return { openapi: '3.1.0', info: { title: 'Items', version: '1' }, paths: Object.fromEntries(paths) as JsonObject };
}

import { createHash } from 'node:crypto';
import type { ApiOperation } from './api-operation.js';

/** Characters of a name. Clients put the name of the server before it, and model APIs take 64 in all. */
export const MAX_NAME = 48;

/** Characters of the mark that tells names apart. */
const MARK = 6;

/**
 * Names the tools of a document: after `operationId`, else after method and path. A name that has to be cut, or that
 * another operation would have, too, ends in a mark of its method and path. So a name stays when the document grows,
 * and no name depends on the order.
 *
 * @param maxLength - in characters
 * @returns the name of each operation
 */
export function nameTools(
  operations: readonly ApiOperation[],
  maxLength = MAX_NAME,
): ReadonlyMap<ApiOperation, string> {
  const wanted = new Map(operations.map((operation) => [operation, toLegalName(operation.id ?? describe(operation))]));
  const counts = new Map<string, number>();
  for (const name of wanted.values()) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  return new Map(
    [...wanted].map(([operation, name]) => {
      // Some clients compare names without their case.
      const isAlone = counts.get(name.toLowerCase()) === 1 || operation.id === name;
      return [operation, isAlone && name.length <= maxLength ? name : mark(name, operation, maxLength)];
    }),
  );
}

function mark(name: string, { method, path }: ApiOperation, maxLength: number): string {
  const hash = createHash('sha256').update(`${method} ${path}`).digest('hex').slice(0, MARK);
  return `${name.slice(0, maxLength - MARK - 1).replace(/[_.-]+$/, '')}_${hash}`;
}

/** `GET /orders/{id}/lines` becomes `get_orders_id_lines`. */
function describe({ method, path }: ApiOperation): string {
  return `${method.toLowerCase()}_${path}`;
}

/** Letters, digits, `_` and `-`: model APIs take no others. */
function toLegalName(name: string): string {
  const legal = name.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[_-]+|[_-]+$/g, '');
  return legal === '' ? 'operation' : legal;
}

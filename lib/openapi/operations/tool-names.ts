import { createHash } from 'node:crypto';
import type { OperationIdentity } from './api-operation.js';
import type { ListedOperations } from './list-operations.js';
import { MAX_NAME, type NameOptions } from './name-options.js';

/** The names of the tools of a document. */
export interface ToolNames {
  readonly of: ReadonlyMap<OperationIdentity, string>;
  /** What the names could not be, for the log: the same name for several operations. */
  readonly collisions: readonly string[];
}

/** Characters of the mark that tells names apart. */
const MARK = 6;
const MARKED = new RegExp(`_[0-9a-f]{${MARK}}$`);

/** Model APIs take no others. Some want a letter or `_` first. */
const LEGAL = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Methods in the order in which their operations keep a name. A name never passes from reading to writing. */
const RANKS = ['GET', 'HEAD', 'OPTIONS', 'QUERY', 'PUT', 'PATCH', 'POST', 'DELETE'];

/** What a name is made of. */
interface Named {
  readonly operation: OperationIdentity;
  /** The name that the document says (`x-mcp`), or else `operationId`. */
  readonly id: string | undefined;
}

/**
 * Names the tools of a document. The name is the `operationId` where that is legal and short enough. Any other name ends
 * in a mark of the method and the path. So no name depends on the order of operations, or on what else the document has.
 * Only of operations with the same `operationId`, which OpenAPI forbids, all but one are marked.
 *
 * @param listed - all of the document, so that it changes no name what is chosen and what is faulty
 */
export function nameTools({ operations, faulty }: ListedOperations, options: NameOptions = {}): ToolNames {
  const { prefix = '', maxNameLength = MAX_NAME } = options;
  const all: readonly Named[] = [
    ...operations.map((operation) => ({ operation, id: operation.extension.name ?? operation.id })),
    ...faulty.map(({ operation }) => ({ operation, id: operation.id })),
  ];
  const names = new Map<OperationIdentity, string>();
  const owners = new Map<string, OperationIdentity>();
  const collisions: string[] = [];
  for (const { operation, id } of all.toSorted(compareRanks)) {
    const plain = `${prefix}${id ?? ''}`;
    // An id that looks marked could be the name of another operation.
    const isUsable = id !== undefined && LEGAL.test(plain) && plain.length <= maxNameLength && !MARKED.test(plain);
    const owner = isUsable ? owners.get(plain) : undefined;
    if (isUsable && !owner) {
      owners.set(plain, operation);
      names.set(operation, plain);
      continue;
    }
    const name = mark(`${prefix}${toLegal(id ?? describe(operation), prefix)}`, operation, maxNameLength);
    names.set(operation, name);
    if (owner) {
      collisions.push(
        `${describeShort(operation)} has the same name "${plain}" as ${describeShort(owner)}. It is offered as "${name}". Give each operation another operationId.`,
      );
    }
  }
  return { of: names, collisions };
}

function mark(name: string, { method, path }: OperationIdentity, maxLength: number): string {
  const hash = createHash('sha256').update(`${method} ${path}`).digest('hex').slice(0, MARK);
  return `${name.slice(0, maxLength - MARK - 1).replace(/[_-]+$/, '')}_${hash}`;
}

/** `GET /orders/{id}/lines` becomes `get_orders_id_lines`. */
function describe({ method, path }: OperationIdentity): string {
  return `${method.toLowerCase()}${path}`;
}

function describeShort({ method, path }: OperationIdentity): string {
  return `${method} ${path}`;
}

function toLegal(name: string, prefix: string): string {
  const legal = name.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[_-]+|[_-]+$/g, '');
  return prefix === '' && !LEGAL.test(legal) ? `op_${legal}` : legal;
}

function compareRanks({ operation: one }: Named, { operation: other }: Named): number {
  const rank = RANKS.indexOf(one.method) - RANKS.indexOf(other.method);
  if (rank !== 0) return rank;
  return one.path.length - other.path.length || (one.path < other.path ? -1 : 1);
}

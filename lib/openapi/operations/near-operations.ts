import MiniSearch from 'minisearch';
import type { OperationIdentity } from './api-operation.js';
import type { OperationPattern } from './operation-choice.js';

/** Proposals in a message. */
const MAX_PROPOSALS = 3;

/** How much of a word may be misspelt. */
const MISSPELT = 0.34;

/**
 * Finds what a pattern that means no operation may have meant.
 *
 * @returns the nearest names, in quotes: of tags for a pattern with a tag, else of operations
 */
export function findNear(pattern: OperationPattern, operations: readonly OperationIdentity[]): readonly string[] {
  if (typeof pattern === 'object' && pattern.tag !== undefined)
    return search(pattern.tag, new Set(operations.flatMap(({ tags }) => tags)));
  const isPath = typeof pattern === 'object' || pattern.includes('/');
  const wanted = typeof pattern === 'object' ? `${pattern.method ?? ''} ${pattern.path ?? ''}` : pattern;
  const near = search(
    wanted,
    new Set(operations.flatMap((one) => (isPath ? `${one.method} ${one.path}` : (one.id ?? [])))),
  );
  return near.length > 0 || !isPath ? near : search(wanted, new Set(operations.flatMap(({ id }) => id ?? [])));
}

function search(wanted: string, names: ReadonlySet<string>): readonly string[] {
  return findNearNames(wanted, names).map((name) => JSON.stringify(name));
}

/** Finds the names that a misspelt one may have meant, the nearest first. */
export function findNearNames(wanted: string, names: ReadonlySet<string>): readonly string[] {
  const index = new MiniSearch<{ readonly id: string }>({ fields: ['id'], tokenize: listWords });
  index.addAll([...names].map((id) => ({ id })));
  const found = index.search(wanted, { fuzzy: MISSPELT, prefix: true });
  return found.slice(0, MAX_PROPOSALS).map(({ id }) => String(id));
}

/** `listOrders` has the words `list` and `Orders`, and is one itself. */
function listWords(text: string): string[] {
  const whole = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  const parts = whole.flatMap((word) => word.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(' '));
  return [...new Set([...whole, ...parts])];
}

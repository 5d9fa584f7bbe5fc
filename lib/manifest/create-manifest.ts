import type { ScopeHierarchy } from '../resource-server/access/scope-hierarchy.js';
import type { Offer } from '../resource-server/catalogue/primitive.js';
import { describeOperation } from './describe-operation.js';
import { MANIFEST_VERSION, type Manifest, type ManifestOperation, type ServerManifest } from './manifest.js';

/** Makes a manifest of servers. */
export function createManifest(servers: readonly ServerManifest[]): Manifest {
  return { manifest: MANIFEST_VERSION, servers: [...servers].sort((a, b) => compare(a.name, b.name)) };
}

/**
 * Describes what one server offers.
 *
 * @param hierarchy - tells which scopes the broader ones imply
 * @param broader - scopes that may imply others, besides those that operations need
 */
export function describeServer(
  name: string,
  offers: readonly Offer[],
  hierarchy?: ScopeHierarchy,
  broader: readonly string[] = [],
): ServerManifest {
  const operations = offers.map(describeOperation).sort((a, b) => compare(toKey(a), toKey(b)));
  const scopes = groupByScope(operations);
  const known = [...new Set([...Object.keys(scopes), ...broader])].sort();
  const implied = known.flatMap((scope) => {
    const others = [...(hierarchy?.expand([scope]) ?? [])].filter((one) => one !== scope).sort();
    return others.length > 0 ? [[scope, others] as const] : [];
  });
  return { name, scopes, implied: Object.fromEntries(implied), operations };
}

function groupByScope(operations: readonly ManifestOperation[]): Readonly<Record<string, readonly string[]>> {
  const groups = new Map<string, Set<string>>();
  for (const operation of operations) {
    for (const scope of operation.scopes.flat())
      groups.set(scope, (groups.get(scope) ?? new Set<string>()).add(toKey(operation)));
  }
  return Object.fromEntries([...groups].sort(([a], [b]) => compare(a, b)).map(([scope, keys]) => [scope, [...keys]]));
}

/** `tool find_order`. */
export function toKey({ kind, name }: Pick<ManifestOperation, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/** `tool createOrder (POST /orders)`. */
export function describeSubject(operation: ManifestOperation): string {
  return operation.operation === undefined ? toKey(operation) : `${toKey(operation)} (${operation.operation})`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}

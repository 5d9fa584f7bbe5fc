import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { Schema } from './schema-translation.js';

const PREFIX = '#/$defs/';

/** Names of the definitions that a schema refers to, as often as it does. */
function listReferences(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(listReferences);
  if (!isJsonObject(value)) return [];
  const own = typeof value.$ref === 'string' && value.$ref.startsWith(PREFIX) ? [value.$ref.slice(PREFIX.length)] : [];
  return [...own, ...Object.values(value).flatMap(listReferences)];
}

/**
 * Gives a schema the definitions that it reaches. One that is used once is written out where it is used, unless it
 * refers to itself.
 */
export function pruneDefinitions(schema: Schema, definitions: ReadonlyMap<string, Schema>): JsonObject {
  const uses = new Map<string, number>();
  const edges = new Map<string, readonly string[]>();
  const visit = (names: readonly string[]) => {
    for (const name of names) {
      uses.set(name, (uses.get(name) ?? 0) + 1);
      if (edges.has(name)) continue;
      const next = listReferences(definitions.get(name));
      edges.set(name, next);
      visit(next);
    }
  };
  visit(listReferences(schema));
  const inlined = new Set(
    [...uses].filter(([name, count]) => count === 1 && !reaches(name, name, edges)).map(([name]) => name),
  );
  const inline = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inline);
    if (!isJsonObject(value)) return value;
    const name = typeof value.$ref === 'string' ? value.$ref.slice(PREFIX.length) : undefined;
    const members = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inline(one)]));
    if (name === undefined || !inlined.has(name)) return members;
    const { $ref: _written, ...beside } = members;
    return { ...(inline(definitions.get(name)) as JsonObject), ...beside };
  };
  const kept = [...uses.keys()].filter((name) => !inlined.has(name));
  const $defs = Object.fromEntries(kept.map((name) => [name, inline(definitions.get(name))]));
  return { ...(inline(schema) as JsonObject), ...(kept.length > 0 && { $defs }) };
}

function reaches(from: string, to: string, edges: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set<string>();
  const queue = [...(edges.get(from) ?? [])];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    queue.push(...(edges.get(name) ?? []));
  }
  return false;
}

import { selectFixedScopes } from '../../resource-server/access/access-rule.js';
import { findWiderAlternatives, listRuleAlternatives } from '../../resource-server/access/scope-rule.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';

/** Operations that a caller may do now, with scopes that did not suffice before. */
export interface OpenedOperations {
  /** Scopes that suffice together. Empty: a token without any suffices. */
  readonly scopes: readonly string[];
  /** Names of the tools. */
  readonly names: readonly string[];
}

/**
 * Compares what a document offered with what it offers now. A scope that nothing named before opens nothing: nobody was
 * given it for this.
 */
export function findOpened(before: readonly Primitive[], after: readonly Primitive[]): readonly OpenedOperations[] {
  const old = new Map(before.map((one) => [`${one.kind} ${one.name}`, listAlternatives(one)]));
  const known = new Set([...old.values()].flat(2));
  const opened = new Map<string, { scopes: readonly string[]; names: string[] }>();
  for (const one of after) {
    const ways = old.get(`${one.kind} ${one.name}`) ?? [];
    for (const scopes of findWiderAlternatives(ways, listAlternatives(one))) {
      if (!scopes.every((scope) => known.has(scope))) continue;
      const key = JSON.stringify(scopes);
      const group = opened.get(key) ?? { scopes, names: [] };
      group.names.push(one.name);
      opened.set(key, group);
    }
  }
  return [...opened.values()];
}

function listAlternatives({ access }: Primitive): readonly (readonly string[])[] {
  return listRuleAlternatives(selectFixedScopes(access));
}

/** Says which operations a scope reaches that it did not reach before. */
export function describeOpened(scopes: readonly string[], names: readonly string[]): string {
  const key =
    scopes.length === 0 ? 'A token without scopes' : `The scope ${scopes.map((one) => `"${one}"`).join(' with ')}`;
  return `${key} now reaches ${names.join(', ')}: the new document says so.`;
}

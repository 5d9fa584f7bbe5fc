import { listRuleAlternatives, type ScopeRule } from '../resource-server/access/scope-rule.js';

/** Sets of scopes, one of which is enough. Each is sorted, and so are they. A single empty set means any valid token. */
export type ScopeAlternatives = readonly (readonly string[])[];

/** Writes a rule as the sets of scopes that meet it. */
export function listAlternatives(rule: ScopeRule): ScopeAlternatives {
  const sets = listRuleAlternatives(rule).map((one) => [...new Set(one)].sort());
  const minimal = sets.filter(
    (one, at) =>
      !sets.some((other, index) => index !== at && isWithin(other, one) && (other.length < one.length || index < at)),
  );
  return minimal.sort((a, b) => (a.join(' ') < b.join(' ') ? -1 : 1));
}

/** What is needed where no scope is. */
export const ANY_TOKEN = 'any valid token';

/** `orders:read`, or `(orders:read and orders:write) or admin`. */
export function describeAlternatives(alternatives: ScopeAlternatives): string {
  if (alternatives.some((one) => one.length === 0)) return ANY_TOKEN;
  return alternatives
    .map((one) => (one.length > 1 && alternatives.length > 1 ? `(${one.join(' and ')})` : one.join(' and ')))
    .join(' or ');
}

function isWithin(one: readonly string[], other: readonly string[]): boolean {
  return one.every((scope) => other.includes(scope));
}

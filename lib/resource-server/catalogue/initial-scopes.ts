import { namedScopes } from '../access/access-rule.js';
import type { Primitive } from './primitive.js';

/** The scopes that a client should start with: those of what only reads, where there is any. */
export function initialScopesOf(primitives: readonly Primitive[]): readonly string[] {
  const readOnly = primitives.filter((one) => one.readOnly);
  const scopes = new Set((readOnly.length > 0 ? readOnly : primitives).flatMap(({ access }) => namedScopes(access)));
  return [...scopes].sort();
}

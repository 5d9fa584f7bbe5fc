import { listNamedScopes } from '../access/access-rule.js';
import type { Offer } from './primitive.js';

/** The scopes that a client should start with: those of the read-only offers, or of all offers without such. */
export function computeInitialScopes(offers: readonly Offer[]): readonly string[] {
  const readOnly = offers.filter((one) => one.readOnly);
  const scopes = new Set((readOnly.length > 0 ? readOnly : offers).flatMap(({ access }) => listNamedScopes(access)));
  return [...scopes].sort();
}

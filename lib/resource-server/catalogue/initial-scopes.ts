import type { ResolvedOptions } from '../../options/resolved-options.js';
import { listNamedScopes, type AccessRule } from '../access/access-rule.js';

/**
 * The scopes that a client should start with. Strangers are told them. Without `scopes.initial`, they are those of the
 * read-only offers, or of all offers without such. If lists hide offers, everybody may see only what needs no scopes, so
 * that there are none.
 */
export function selectInitialScopes(
  { initialScopes, list }: Pick<ResolvedOptions, 'initialScopes' | 'list'>,
  offers: readonly { readonly access: Pick<AccessRule, 'scopes'>; readonly readOnly: boolean }[],
): readonly string[] {
  if (initialScopes) return initialScopes;
  if (list === 'permitted') return [];
  const readOnly = offers.filter((one) => one.readOnly);
  const scopes = new Set((readOnly.length > 0 ? readOnly : offers).flatMap(({ access }) => listNamedScopes(access)));
  return [...scopes].sort();
}

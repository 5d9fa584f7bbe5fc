import type { Type } from '@nestjs/common';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import { ScopeHierarchy } from '../../resource-server/access/scope-hierarchy.js';
import { judgeScopes, listRuleScopes, type ScopeRule } from '../../resource-server/access/scope-rule.js';
import { computeListedRule } from '../../resource-server/authorization/validated-arguments.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';

/** Rules of one kind. */
export interface NestedRules {
  /** The rules that lie within a wider one, `*` or a template that matches their URIs, too, each with that. */
  listNested(): readonly (readonly [narrow: Offer, wide: Offer])[];
}

/**
 * Finds rules that hide something within a wider one. Whoever may use the wider one gets the answer of the server for
 * what does not exist, and a refusal for what is hidden, and so learns that it is there.
 *
 * @param rules - by kind
 * @returns a sentence or two for each
 */
export function findTellingRules(
  rules: Readonly<Record<string, NestedRules>>,
  type: Type,
  { list, scopeHierarchy }: ResolvedOptions,
): readonly string[] {
  if (list === 'all') return [];
  const hierarchy = new ScopeHierarchy(scopeHierarchy);
  return Object.entries(rules).flatMap(([kind, of]) =>
    of
      .listNested()
      .filter(([narrow, wide]) => takesMore(narrow, wide, hierarchy))
      .map(
        ([narrow, wide]) =>
          `\`${kind}\` of @ProtectedMcp on ${type.name} has "${narrow.name}", which takes more scopes than "${wide.name}", which would apply to it otherwise: \`lists.show\` is "permitted", and a refusal would tell that there is something hidden. Replace "${wide.name}" by rules that do not apply to it, or set \`lists.show\` to "all".`,
      ),
  );
}

function takesMore(narrow: Offer, wide: Offer, hierarchy: ScopeHierarchy): boolean {
  const rule = computeListedRule(narrow);
  const held = listCertainScopes(computeListedRule(wide) ?? []);
  return !rule || !judgeScopes(rule, held, hierarchy).sufficient;
}

/** What everyone who meets a rule holds for sure. */
function listCertainScopes(rule: ScopeRule): readonly string[] {
  if ('allOf' in rule || 'anyOf' in rule) return listRuleScopes({ allOf: rule.allOf ?? [] });
  return listRuleScopes(rule);
}

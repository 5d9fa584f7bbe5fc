import type { ScopeName } from '../../options/register.js';
import type { ScopeHierarchy } from './scope-hierarchy.js';

/**
 * Scopes that a caller needs: all of a list, or all of `allOf` and one of `anyOf`. A challenge asks for the first scope
 * of `anyOf`, so put the narrowest first.
 */
export type ScopeRule =
  readonly ScopeName[] | { readonly allOf?: readonly ScopeName[]; readonly anyOf?: readonly ScopeName[] };

/** The result of checking a caller's scopes against a rule. */
export interface ScopeVerdict {
  readonly sufficient: boolean;
  /** Scopes that the operation requires, for one challenge (MCP specification, Scope Challenge Handling). */
  readonly needed: readonly string[];
}

/** Checks the scopes that a caller holds against a rule. */
export function judgeScopes(rule: ScopeRule, held: readonly string[], hierarchy: ScopeHierarchy): ScopeVerdict {
  const { allOf, anyOf } = splitRule(rule);
  const effective = hierarchy.expand(held);
  const alternative = anyOf.find((scope) => effective.has(scope));
  const asked = alternative ?? anyOf[0];
  return {
    sufficient: allOf.every((scope) => effective.has(scope)) && (anyOf.length === 0 || alternative !== undefined),
    needed: [...new Set([...allOf, ...(asked === undefined ? [] : [asked])])],
  };
}

/** Every scope that a rule names. */
export function listRuleScopes(rule: ScopeRule): readonly string[] {
  const { allOf, anyOf } = splitRule(rule);
  return [...new Set([...allOf, ...anyOf])];
}

/** What is wrong with a rule, and how to fix it. An invalid rule must not pass as a rule without scopes. */
export function findRuleProblem(rule: unknown): string | undefined {
  if (isScopes(rule)) return undefined;
  if (typeof rule !== 'object' || rule === null || Object.getPrototypeOf(rule) !== Object.prototype) return NO_RULE;
  const { allOf, anyOf, ...others } = rule as Record<string, unknown>;
  const isRule = [allOf, anyOf].every((part) => part === undefined || isScopes(part));
  if (!isRule || Object.keys(others).length > 0 || (allOf === undefined && anyOf === undefined)) return NO_RULE;
  return isScopes(anyOf) && anyOf.length === 0
    ? 'has an empty `anyOf`, which nobody can meet. Name the scopes'
    : undefined;
}

/**
 * Reads the rule that a function of the application returned. The rule is a copy, so that what was checked is what
 * applies.
 *
 * @throws Error with what is wrong with it
 */
export function readRule(returned: unknown): ScopeRule {
  const rule = copyLists(returned);
  const problem = findRuleProblem(rule);
  if (problem) throw new Error(`What the function in \`scopes\` returned ${problem}`);
  return rule as ScopeRule;
}

function copyLists(rule: unknown): unknown {
  if (Array.isArray(rule)) return Array.prototype.slice.call(rule);
  if (typeof rule !== 'object' || rule === null || Object.getPrototypeOf(rule) !== Object.prototype) return rule;
  return Object.fromEntries(
    Object.entries(rule).map(([name, part]: [string, unknown]) => [name, Array.isArray(part) ? copyLists(part) : part]),
  );
}

const NO_RULE = 'is neither a list of scopes nor `{ allOf, anyOf }` with such lists. Write one of the two';

function isScopes(value: unknown): value is readonly ScopeName[] {
  return Array.isArray(value) && value.every((scope) => typeof scope === 'string');
}

function splitRule(rule: ScopeRule): { allOf: readonly ScopeName[]; anyOf: readonly ScopeName[] } {
  if (isList(rule)) return { allOf: rule, anyOf: [] };
  return { allOf: rule.allOf ?? [], anyOf: rule.anyOf ?? [] };
}

function isList(rule: ScopeRule): rule is readonly ScopeName[] {
  return Array.isArray(rule);
}

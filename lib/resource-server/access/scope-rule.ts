import type { ScopeName } from '../../options/register.js';
import type { ScopeHierarchy } from './scope-hierarchy.js';
import type { ScopeVerdict } from './scope-verdicts.js';

/** A scope that is enough, or scopes that are enough together. */
export type ScopeAlternative = ScopeName | readonly ScopeName[];

/**
 * Scopes that a caller needs: all of a list, or all of `allOf` and one of `anyOf`. An alternative in `anyOf` is a scope,
 * or a list of scopes that are needed together. A challenge asks for the alternative of which the caller holds the most
 * scopes, else for the first one, so put the narrowest first.
 */
export type ScopeRule =
  readonly ScopeName[] | { readonly allOf?: readonly ScopeName[]; readonly anyOf?: readonly ScopeAlternative[] };

/**
 * Checks the scopes that a caller holds against a rule. A frozen rule is checked once for a set of scopes: its verdict is
 * remembered.
 */
export function judgeScopes(rule: ScopeRule, held: readonly string[], hierarchy: ScopeHierarchy): ScopeVerdict {
  const effective = hierarchy.expand(held);
  const verdicts = Object.isFrozen(rule) ? hierarchy.verdicts : undefined;
  if (!verdicts) return judge(rule, effective);
  return verdicts.find(rule, effective) ?? verdicts.keep(rule, effective, judge(rule, effective));
}

function judge(rule: ScopeRule, held: ReadonlySet<string>): ScopeVerdict {
  const { allOf, anyOf } = splitRule(rule);
  if (anyOf.length === 0) return createVerdict(isMet(allOf, held), allOf);
  const met = anyOf.find((scopes) => isMet(scopes, held));
  const asked = met ?? findNearest(anyOf, held) ?? [];
  return createVerdict(met !== undefined && isMet(allOf, held), [...allOf, ...asked]);
}

/** Frozen, because all callers with the same scopes share it. */
function createVerdict(sufficient: boolean, needed: Scopes): ScopeVerdict {
  return Object.freeze({ sufficient, needed: Object.freeze([...new Set(needed)]) });
}

function isMet(scopes: Scopes, held: ReadonlySet<string>): boolean {
  return scopes.every((scope) => held.has(scope));
}

/** The alternative of which the most scopes are held. */
function findNearest(alternatives: readonly Scopes[], held: ReadonlySet<string>): Scopes | undefined {
  const counts = alternatives.map((scopes) => scopes.filter((scope) => held.has(scope)).length);
  return alternatives[counts.indexOf(Math.max(...counts))];
}

/** Every scope that a rule names. */
export function listRuleScopes(rule: ScopeRule): readonly string[] {
  const { allOf, anyOf } = splitRule(rule);
  return [...new Set([...allOf, ...anyOf.flat()])];
}

/** Every way to meet a rule: scopes that suffice together. */
export function listRuleAlternatives(rule: ScopeRule): readonly (readonly string[])[] {
  const { allOf, anyOf } = splitRule(rule);
  return anyOf.length === 0 ? [allOf] : anyOf.map((scopes) => [...new Set([...allOf, ...scopes])]);
}

/**
 * The sets of scopes that are enough now, and were not before.
 *
 * @param before - sets that were enough
 */
export function findWiderAlternatives(before: readonly Scopes[], now: readonly Scopes[]): readonly Scopes[] {
  return now.filter((one) => !before.some((other) => other.every((scope) => one.includes(scope))));
}

/** What is wrong with a rule, and how to fix it. An invalid rule must not pass as a rule without scopes. */
export function findRuleProblem(rule: unknown): string | undefined {
  if (isScopes(rule)) return undefined;
  if (typeof rule !== 'object' || rule === null || Object.getPrototypeOf(rule) !== Object.prototype) return NO_RULE;
  const { allOf, anyOf, ...others } = rule as Record<string, unknown>;
  const isRule = (allOf === undefined || isScopes(allOf)) && (anyOf === undefined || isAlternatives(anyOf));
  if (!isRule || Object.keys(others).length > 0 || (allOf === undefined && anyOf === undefined)) return NO_RULE;
  if (anyOf?.length === 0) return 'has an empty `anyOf`, which nobody can meet. Name the scopes';
  return anyOf?.some((one) => Array.isArray(one) && one.length === 0)
    ? 'has an empty list in `anyOf`, which everybody meets. Name its scopes, or remove `anyOf`'
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

/** Copies a rule that an application has declared, and freezes the copy. What it changes later has no effect. */
export function fixRule(declared: ScopeRule): ScopeRule {
  return freezeLists(copyLists(declared)) as ScopeRule;
}

function copyLists(rule: unknown): unknown {
  if (Array.isArray(rule)) return (Array.prototype.slice.call(rule) as unknown[]).map(copyLists);
  if (typeof rule !== 'object' || rule === null || Object.getPrototypeOf(rule) !== Object.prototype) return rule;
  return Object.fromEntries(
    Object.entries(rule).map(([name, part]: [string, unknown]) => [name, Array.isArray(part) ? copyLists(part) : part]),
  );
}

function freezeLists(rule: unknown): unknown {
  if (typeof rule === 'object' && rule !== null) for (const part of Object.values(rule)) freezeLists(part);
  return Object.freeze(rule);
}

const NO_RULE = 'is neither a list of scopes nor `{ allOf, anyOf }` with such lists. Write one of the two';

type Scopes = readonly ScopeName[];

function isScopes(value: unknown): value is Scopes {
  return Array.isArray(value) && value.every((scope) => typeof scope === 'string');
}

function isAlternatives(value: unknown): value is readonly ScopeAlternative[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' || isScopes(one));
}

function splitRule(rule: ScopeRule): { allOf: Scopes; anyOf: readonly Scopes[] } {
  if (isList(rule)) return { allOf: rule, anyOf: [] };
  return { allOf: rule.allOf ?? [], anyOf: (rule.anyOf ?? []).map((one) => (typeof one === 'string' ? [one] : one)) };
}

function isList(rule: ScopeRule): rule is Scopes {
  return Array.isArray(rule);
}

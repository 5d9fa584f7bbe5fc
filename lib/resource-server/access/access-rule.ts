import type { Caller } from './caller.js';
import type { ScopeHierarchy } from './scope-hierarchy.js';
import { judgeScopes, listRuleScopes, type ScopeRule } from './scope-rule.js';
import type { ScopeVerdict } from './scope-verdicts.js';

/** Computes the required scopes from the validated arguments. */
export type ScopesOfArguments = (input: never) => ScopeRule;

/** What a tool requires of its caller, apart from policies. */
export interface AccessRule {
  readonly scopes: ScopeRule | ScopesOfArguments;
  /** Whether the tool may be called without a token. */
  readonly anonymous: boolean;
  /** Whether a client without a user may call. */
  readonly appOnly: boolean;
  /** RFC 9470: accepted values of `acr`. An empty list accepts any. */
  readonly acrValues: readonly string[];
  /** RFC 9470: maximum time since the user signed in, in milliseconds. */
  readonly maxAgeMs: number | undefined;
}

/** Frozen, so that what is decided of it is remembered. */
const NO_SCOPES: readonly never[] = Object.freeze([]);

/** How far the issuer's clock may be ahead, in seconds. */
const CLOCK_TOLERANCE = 5;

/** The scopes of a rule that are known without the arguments. */
export function selectFixedScopes({ scopes }: Pick<AccessRule, 'scopes'>): ScopeRule {
  return typeof scopes === 'function' ? NO_SCOPES : scopes;
}

/** Every scope that a rule names without the arguments. */
export function listNamedScopes(rule: Pick<AccessRule, 'scopes'>): readonly string[] {
  return listRuleScopes(selectFixedScopes(rule));
}

/** Scopes of a rule that are enough for a caller of whom nothing is known. */
export function selectSufficientScopes(rule: Pick<AccessRule, 'scopes'>, hierarchy: ScopeHierarchy): readonly string[] {
  return judgeScopes(selectFixedScopes(rule), NO_SCOPES, hierarchy).needed;
}

/** Checks the scopes that a caller holds against a rule. Who has no token holds none. */
export function judgeCaller(caller: Caller | undefined, rule: ScopeRule, hierarchy: ScopeHierarchy): ScopeVerdict {
  return judgeScopes(rule, caller?.scopes ?? NO_SCOPES, hierarchy);
}

/** RFC 9470: whether the user's sign-in meets `acrValues` and `maxAgeMs` of the rule. */
export function isSignedInAsNeeded({ claims }: Caller, { acrValues, maxAgeMs }: AccessRule): boolean {
  const { acr, auth_time: authenticatedAt } = claims;
  if (acrValues.length > 0 && !(typeof acr === 'string' && acrValues.includes(acr))) return false;
  if (maxAgeMs === undefined) return true;
  const age = typeof authenticatedAt === 'number' ? Math.floor(Date.now() / 1000) - authenticatedAt : Number.NaN;
  return age * 1000 <= maxAgeMs && age >= -CLOCK_TOLERANCE;
}

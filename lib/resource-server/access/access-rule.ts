import type { Caller } from './caller.js';
import type { ScopeHierarchy } from './scope-hierarchy.js';
import { judgeScopes, listRuleScopes, type ScopeRule, type ScopeVerdict } from './scope-rule.js';

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

/** How far the issuer's clock may be ahead, in seconds. */
const CLOCK_TOLERANCE = 5;

/** The scopes of a rule that are known without the arguments. */
export function selectFixedScopes({ scopes }: Pick<AccessRule, 'scopes'>): ScopeRule {
  return typeof scopes === 'function' ? [] : scopes;
}

/** Every scope that a rule names without the arguments. */
export function listNamedScopes(rule: Pick<AccessRule, 'scopes'>): readonly string[] {
  return listRuleScopes(selectFixedScopes(rule));
}

/** Scopes of a rule that are enough for a caller of whom nothing is known. */
export function selectSufficientScopes(rule: Pick<AccessRule, 'scopes'>, hierarchy: ScopeHierarchy): readonly string[] {
  return judgeScopes(selectFixedScopes(rule), [], hierarchy).needed;
}

/** Checks the scopes that a caller holds against those that are known without the arguments. */
export function judgeFixedScopes(
  caller: Caller | undefined,
  rule: AccessRule,
  hierarchy: ScopeHierarchy,
): ScopeVerdict {
  return judgeScopes(selectFixedScopes(rule), caller?.scopes ?? [], hierarchy);
}

/** RFC 9470: whether the user's sign-in meets `acrValues` and `maxAgeMs` of the rule. */
export function isSignedInAsNeeded({ claims }: Caller, { acrValues, maxAgeMs }: AccessRule): boolean {
  const { acr, auth_time: authenticatedAt } = claims;
  if (acrValues.length > 0 && !(typeof acr === 'string' && acrValues.includes(acr))) return false;
  if (maxAgeMs === undefined) return true;
  const age = typeof authenticatedAt === 'number' ? Math.floor(Date.now() / 1000) - authenticatedAt : Number.NaN;
  return age * 1000 <= maxAgeMs && age >= -CLOCK_TOLERANCE;
}

import type { Caller } from './caller.js';
import type { ScopeHierarchy } from './scope-hierarchy.js';
import { judgeScopes, listRuleScopes, type ScopeRule } from './scope-rule.js';

/** Scopes that depend on the arguments, which are validated by then. */
export type ScopesOfArguments = (input: never) => ScopeRule;

/** What a tool asks of its caller, apart from policies. */
export interface AccessRule {
  readonly scopes: ScopeRule | ScopesOfArguments;
  /** Whether a caller is needed at all. */
  readonly anonymous: boolean;
  /** Whether a client without a user may call. */
  readonly appOnly: boolean;
  /** RFC 9470: values of `acr`, one of which the sign-in has to have. */
  readonly acrValues: readonly string[];
  /** RFC 9470: milliseconds since the user signed in, at most. */
  readonly maxAgeMs: number | undefined;
}

/** Seconds by which the issuer's clock may be ahead. */
const CLOCK_TOLERANCE = 5;

/** The scopes of a rule that are known without the arguments. */
export function selectFixedScopes({ scopes }: Pick<AccessRule, 'scopes'>): ScopeRule {
  return typeof scopes === 'function' ? [] : scopes;
}

/** Every scope that a rule names without the arguments. */
export function listNamedScopes(rule: Pick<AccessRule, 'scopes'>): readonly string[] {
  return listRuleScopes(selectFixedScopes(rule));
}

/** Whether the caller holds the scopes that are known without the arguments. */
export function hasFixedScopes(caller: Caller | undefined, rule: AccessRule, hierarchy: ScopeHierarchy): boolean {
  return judgeScopes(selectFixedScopes(rule), caller?.scopes ?? [], hierarchy).sufficient;
}

/** RFC 9470: whether the user signed in as the rule demands. */
export function isSignedInAsNeeded({ claims }: Caller, { acrValues, maxAgeMs }: AccessRule): boolean {
  const { acr, auth_time: authenticatedAt } = claims;
  if (acrValues.length > 0 && !(typeof acr === 'string' && acrValues.includes(acr))) return false;
  if (maxAgeMs === undefined) return true;
  const age = typeof authenticatedAt === 'number' ? Math.floor(Date.now() / 1000) - authenticatedAt : Number.NaN;
  return age * 1000 <= maxAgeMs && age >= -CLOCK_TOLERANCE;
}

import { findResourceScopeProblem } from '../../options/option-rules.js';
import { listRuleScopes, readRule, type ScopeRule } from '../../resource-server/access/scope-rule.js';
import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import type { ApiOperation } from './api-operation.js';
import type { SecurityAlternatives } from './operation-security.js';
import type { ScopeMap, ScopeOptions } from './scope-options.js';

/** Stands for all scopes that a map does not name, and in what they become for each of them. */
const OTHERS = '*';

/**
 * The scopes of this server that callers of an operation need.
 *
 * @param declared - the map of the downstream. It counts where the options say nothing, so that nothing is said twice
 * @param fault - receives what is wrong with the options
 * @returns `undefined` if there are none
 */
export function findScopes(
  operation: ApiOperation,
  { scopes }: ScopeOptions,
  declared: ReadonlyMap<string, readonly string[]>,
  fault: Fault,
): ScopeRule | undefined {
  try {
    const rule = computeScopes(operation, scopes ?? (declared.size > 0 ? Object.fromEntries(declared) : undefined));
    return listRuleScopes(rule).length > 0 ? rule : undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    fault('scopes', `has no scopes for ${operation.method} ${operation.path}: ${reason}`);
    return undefined;
  }
}

/** @throws Error if the options do not say what the operation takes */
function computeScopes(operation: ApiOperation, scopes: ScopeOptions['scopes']): ScopeRule {
  const { security } = operation;
  if (scopes === undefined) return toRule(security);
  if (typeof scopes !== 'function')
    return toRule(security.map((list) => list.flatMap((scope) => translate(scope, scopes))));
  const rule = readRule(scopes({ security: toRule(security), operation }));
  for (const scope of listRuleScopes(rule)) {
    const problem = findResourceScopeProblem(scope);
    if (problem) throw new Error(`the function returned "${scope}", which ${problem}`);
  }
  return rule;
}

/** @throws Error if the map does not have the scope */
function translate(scope: string, map: ScopeMap): readonly string[] {
  const own = Object.hasOwn(map, scope) ? map[scope] : undefined;
  if (own !== undefined) return [own].flat();
  const others = Object.hasOwn(map, OTHERS) ? map[OTHERS] : undefined;
  if (others !== undefined) return [others].flat().map((one) => one.replaceAll(OTHERS, () => scope));
  throw new Error(
    `it does not map "${scope}". Map it to a scope of this server, or all that are not named: { "*": "orders:*" } puts "orders:" before them, { "*": "*" } takes them as they are`,
  );
}

/** One set of scopes is a list. Of several, one is enough. */
function toRule(alternatives: SecurityAlternatives): ScopeRule {
  const [first = [], ...others] = alternatives.map((scopes) => [...new Set(scopes)]).filter(isMinimal);
  return others.length === 0 ? first : { anyOf: [first, ...others].map(toAlternative) };
}

/** Whether no other set is within this one. With an empty set nothing else counts. */
function isMinimal(scopes: readonly string[], index: number, all: SecurityAlternatives): boolean {
  return !all.some((other, at) => {
    const isWithin = at !== index && other.every((scope) => scopes.includes(scope));
    return isWithin && (other.length < scopes.length || at < index);
  });
}

function toAlternative(scopes: readonly string[]): string | readonly string[] {
  const [only, ...others] = scopes;
  return only !== undefined && others.length === 0 ? only : scopes;
}

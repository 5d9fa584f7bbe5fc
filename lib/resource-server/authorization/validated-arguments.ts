import type { AccessRule } from '../access/access-rule.js';
import { readArguments, readCompletion, type Operation } from '../access/operation.js';
import { findRuleProblem, type ScopeRule } from '../access/scope-rule.js';
import { parseWith, type Parsed } from '../catalogue/arguments-schema.js';
import type { Found } from '../catalogue/found.js';
import type { Offer } from '../catalogue/primitive.js';

/** Methods that do not send the arguments of a primitive. */
const WITHOUT_ARGUMENTS = new Set(['completion/complete', 'resources/list']);

/** Validates the arguments of the method. */
export async function validateArguments(
  { primitive, variables }: Found<Offer>,
  operation: Operation | undefined,
  body: unknown,
): Promise<Parsed> {
  if (operation?.method === 'completion/complete') return { value: readCompletion(body) };
  if (operation?.method === 'resources/list') return { value: {} };
  switch (primitive.kind) {
    case 'resource':
      return { value: { uri: operation?.name ?? primitive.name } };
    case 'resourceTemplate':
      return primitive.input
        ? await parseWith(primitive.input, variables)
        : { value: { uri: operation?.name, ...variables } };
    default:
      return await parseWith(primitive.input, readArguments(body));
  }
}

/**
 * The scopes that an operation requires. Invalid arguments require none, because the tool does not run.
 *
 * @throws Error if the `scopes` function returns no valid rule, and whatever the function throws
 */
export function computeScopes(
  { scopes }: AccessRule,
  operation: Operation | undefined,
  input: { readonly value: unknown } | undefined,
): ScopeRule {
  if (typeof scopes !== 'function') return scopes;
  // A `scopes` function cannot run without arguments.
  if (WITHOUT_ARGUMENTS.has(operation?.method ?? '')) return [];
  if (!input) return [];
  const rule: unknown = scopes(input.value as never);
  const problem = findRuleProblem(rule);
  if (problem) throw new Error(`What the function in \`scopes\` returned ${problem}`);
  return rule as ScopeRule;
}

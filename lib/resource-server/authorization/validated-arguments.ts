import type { AccessRule } from '../access/access-rule.js';
import { readArguments, readCompletion, type Operation } from '../access/operation.js';
import { findRuleProblem, type ScopeRule } from '../access/scope-rule.js';
import { parseWith, type Parsed } from '../catalogue/arguments-schema.js';
import type { Found } from '../catalogue/found.js';
import type { Offer } from '../catalogue/primitive.js';

/** What is asked about a primitive, and not of it. */
const WITHOUT_ARGUMENTS = new Set(['completion/complete', 'resources/list']);

/** What the method gets, as validated. */
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
 * The scopes that an operation takes. Where the arguments are wrong, the tool will not run, whatever it would take.
 *
 * @throws Error for a function that returns no rule, and whatever it throws
 */
export function computeScopes(
  { scopes }: AccessRule,
  operation: Operation | undefined,
  input: Parsed | undefined,
): ScopeRule {
  if (typeof scopes !== 'function') return scopes;
  // What arguments will take is not known before there are any.
  if (WITHOUT_ARGUMENTS.has(operation?.method ?? '')) return [];
  if (!input || !('value' in input)) return [];
  const rule: unknown = scopes(input.value as never);
  const problem = findRuleProblem(rule);
  if (problem) throw new Error(`What the function in \`scopes\` returned ${problem}`);
  return rule as ScopeRule;
}

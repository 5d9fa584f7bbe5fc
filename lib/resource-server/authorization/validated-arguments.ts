import { toReadable } from '../../errors/reason.js';
import type { AccessRule } from '../access/access-rule.js';
import { readArguments, readCompletion, type Operation } from '../access/operation.js';
import { readRule, type ScopeRule } from '../access/scope-rule.js';
import { parseWith, type Parsed } from '../catalogue/arguments-schema.js';
import type { Found } from '../catalogue/found.js';
import type { Offer } from '../catalogue/primitive.js';
import type { AdmissionRequest } from './admission-request.js';
import {
  isCompanion,
  MissingArgumentError,
  readKnownArguments,
  toKnownArguments,
  withholdMissing,
} from './known-arguments.js';

/** Validates the arguments of the method. */
export function validateArguments(
  { primitive, variables }: Found<Offer>,
  operation: Operation | undefined,
  body: unknown,
): Parsed | Promise<Parsed> {
  if (operation?.method === 'completion/complete') return { value: readCompletion(body) };
  if (operation?.method === 'resources/list') return { value: {} };
  switch (primitive.kind) {
    case 'resource':
      return { value: { uri: operation?.name ?? primitive.name } };
    case 'resourceTemplate':
      return primitive.input
        ? parseWith(primitive.input, variables)
        : { value: { uri: operation?.name, ...variables } };
    default:
      return parseWith(primitive.input, readArguments(operation, body));
  }
}

/** Whether the decision about an offer looks at arguments. */
export function dependsOnArguments({ kind, access, policies }: Offer): boolean {
  const isNamed = kind === 'tool' || kind === 'prompt';
  return !isNamed || policies.length > 0 || typeof access.scopes === 'function';
}

/** Reads the arguments that rules and policies judge. */
export function readJudgedArguments(
  { known, judgedAs, operation, body }: AdmissionRequest<Offer>,
  found: Found<Offer>,
): Parsed | Promise<Parsed> {
  if (known) return toKnownArguments(found.primitive, known);
  return judgedAs
    ? validateArguments(found, judgedAs.operation, judgedAs.body)
    : validateArguments(found, operation, body);
}

/**
 * The scopes that an operation requires. A companion requires what the arguments that it is about tell.
 *
 * @returns `undefined` if a companion requires scopes that cannot be computed yet
 * @throws Error as {@link computeScopes} does
 */
export async function computeRule(
  { operation, body, areItemsSelected }: AdmissionRequest<Offer>,
  { primitive }: Found<Offer>,
  judged: { readonly value: unknown } | undefined,
): Promise<ScopeRule | undefined> {
  const { access } = primitive;
  if (!judged || !isCompanion(operation) || typeof access.scopes !== 'function') return computeScopes(access, judged);
  const known = await toKnownArguments(primitive, readKnownArguments(body));
  try {
    return computeScopes(access, known);
  } catch {
    return areItemsSelected ? [] : undefined;
  }
}

/**
 * The scopes that callers need to see an offer in a list. A function is asked with what is known without a call: the URI
 * of a resource, and no argument of anything else.
 *
 * @param name - what the list names the offer
 * @returns `undefined` if nobody sees it, because the function fails. A function that has to look at an argument
 *   requires none here
 */
export function computeListedRule({ kind, name, access }: Offer, listed = name): ScopeRule | undefined {
  if (typeof access.scopes !== 'function') return access.scopes;
  const isFixed = kind === 'resource' && !listed.includes('{');
  try {
    return computeScopes(access, { value: isFixed ? Object.freeze({ uri: listed }) : withholdMissing({}) });
  } catch (error) {
    return error instanceof MissingArgumentError ? [] : undefined;
  }
}

/**
 * The scopes that an operation requires. Invalid arguments require none, because the tool does not run.
 *
 * @throws Error if the `scopes` function returns no valid rule, and whatever the function throws
 */
export function computeScopes({ scopes }: AccessRule, input: { readonly value: unknown } | undefined): ScopeRule {
  if (typeof scopes !== 'function') return scopes;
  if (!input) return [];
  try {
    return readRule(scopes(input.value as never));
  } catch (error) {
    throw toReadable(error);
  }
}

import type { Type } from '@nestjs/common';
import { namedScopes, type AccessRule } from '../access/access-rule.js';
import type { Policy } from '../access/policy.js';
import { problemOfRule } from '../access/scope-rule.js';
import type { AccessOptions, ArgumentsSchema } from '../decorators/access-options.js';
import { problemOfResourceScope } from '../../options/option-rules.js';
import { placeOf, type MethodHost, type Offer } from './primitive.js';

/** What decorators say of a method besides its own. */
export interface Surroundings {
  readonly anonymous: boolean;
  readonly policies: readonly Type<Policy>[];
  /** What holds for what says nothing of it. */
  readonly appOnly: 'allow' | 'deny';
  /** Milliseconds, likewise. */
  readonly timeout: number | undefined;
}

/** Takes what is wrong with an option of the decorator. */
export type Fault = (option: string, message: string) => void;

/** @param problems - takes what is wrong with the declaration, a sentence or two each */
export function faultsOf(host: MethodHost, problems: string[]): Fault {
  return (option, message) => {
    problems.push(`\`${option}\` of ${host.decorator} on ${placeOf(host)} ${message}.`);
  };
}

/** Works out what a decorated method needs, and may reach. */
export function defineOffer(
  name: string,
  options: AccessOptions<never> & { readonly input?: ArgumentsSchema },
  host: MethodHost,
  surroundings: Surroundings,
  fault: Fault,
): Omit<Offer, 'kind' | 'readOnly'> {
  const { scopes = [] } = options;
  const ruleProblem = typeof scopes === 'function' ? undefined : problemOfRule(scopes);
  if (ruleProblem) fault('scopes', ruleProblem);
  const access: AccessRule = {
    scopes: ruleProblem ? [] : scopes,
    anonymous: surroundings.anonymous,
    appOnly: (options.appOnly ?? surroundings.appOnly) === 'allow',
    acrValues: options.acrValues ?? [],
    maxAge: options.maxAge,
  };
  for (const scope of namedScopes(access)) {
    const problem = problemOfResourceScope(scope);
    if (problem) fault('scopes', `has "${scope}", which ${problem}`);
  }
  for (const value of access.acrValues) {
    if (!/^[\x21\x23-\x5B\x5D-\x7E]+$/.test(value)) {
      fault('acrValues', `has "${value}". Use printable ASCII without spaces, quotes and backslashes`);
    }
  }
  if (access.maxAge !== undefined && !(Number.isInteger(access.maxAge) && access.maxAge >= 1)) {
    fault('maxAge', 'is not a whole number of seconds from 1 up. Write one; with 0 no sign-in would be recent enough');
  }
  const timeout = options.timeout ?? surroundings.timeout;
  if (timeout !== undefined && !(Number.isInteger(timeout) && timeout >= 1 && timeout < 2 ** 31)) {
    fault('timeout', 'is not a whole number of milliseconds from 1 up. Write one, or remove it');
  }
  const downstreams = [...new Set([options.downstream ?? []].flat())];
  if (options.exchange !== undefined && downstreams.length === 0) {
    fault('exchange', 'is set, but there is no `downstream` whose token could be got. Name one, or remove it');
  }
  if (access.anonymous) {
    for (const option of ['scopes', 'acrValues', 'maxAge', 'appOnly'] as const) {
      if (options[option] !== undefined)
        fault(option, 'can never be met: @Anonymous lets everyone call it. Remove one of the two');
    }
  }
  return {
    name,
    access,
    policies: surroundings.policies,
    downstreams,
    exchange: options.exchange ?? 'eager',
    servers: [options.server ?? []].flat(),
    timeout,
    input: options.input,
    host,
  };
}

import type { AccessRule } from '../access/access-rule.js';
import { findRuleProblem, fixRule } from '../access/scope-rule.js';
import type { AccessOptions, ArgumentsSchema } from '../decorators/access-options.js';
import { checkAccessOptions, type Fault } from './access-option-rules.js';
import { describeDeclaration, type MethodHost, type Offer } from './primitive.js';
import type { Surroundings } from './surroundings.js';

/** @param problems - receives a message of a sentence or two for each fault in the declaration */
export function createFault(host: MethodHost, problems: string[]): Fault {
  return (option, message) => {
    // Options of the class are checked once for all of its methods.
    if (!host.ofClass?.has(option)) problems.push(`\`${option}\` of ${describeDeclaration(host, option)} ${message}.`);
  };
}

/** Defines the access rule and the downstreams of a decorated method. */
export function defineOffer(
  name: string,
  options: AccessOptions<never> & { readonly input?: ArgumentsSchema },
  host: MethodHost,
  surroundings: Surroundings,
  fault: Fault,
): Omit<Offer, 'kind' | 'readOnly'> {
  const { scopes = [] } = options;
  checkAccessOptions(options, surroundings.anonymous, fault);
  const access: AccessRule = {
    scopes: typeof scopes === 'function' ? scopes : fixRule(findRuleProblem(scopes) === undefined ? scopes : []),
    anonymous: surroundings.anonymous,
    appOnly: (options.appOnly ?? surroundings.appOnly) === 'allow',
    acrValues: options.acrValues ?? [],
    maxAgeMs: options.maxAgeMs,
  };
  const timeoutMs = options.timeoutMs ?? surroundings.timeoutMs;
  const downstreams = [...new Set([options.downstream ?? []].flat())];
  if (options.exchange !== undefined && downstreams.length === 0) {
    fault('exchange', 'is set, but there is no `downstream` to get a token for. Name one, or remove it');
  }
  return {
    name,
    access,
    policies: surroundings.policies,
    downstreams,
    exchange: options.exchange ?? 'eager',
    servers: [options.server ?? []].flat(),
    timeoutMs,
    input: options.input,
    host,
  };
}

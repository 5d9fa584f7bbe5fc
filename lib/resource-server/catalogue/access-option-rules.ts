import { LONGEST_TIMEOUT } from '../../time/time-limit.js';
import { listRuleScopes, findRuleProblem } from '../access/scope-rule.js';
import type { AccessOptions } from '../decorators/access-options.js';
import { findResourceScopeProblem } from '../../options/option-rules.js';

/** Receives a fault in an option of a decorator. */
export type Fault = (option: string, message: string) => void;

/**
 * Checks the access options of a method, or of a class for its methods.
 *
 * @param isAnonymous - whether the declaration lets everyone call
 */
export function checkAccessOptions(options: AccessOptions<never>, isAnonymous: boolean, fault: Fault): void {
  const { scopes = [], acrValues = [], maxAgeMs, timeoutMs } = options;
  if (typeof scopes !== 'function') {
    const problem = findRuleProblem(scopes);
    if (problem) fault('scopes', problem);
    for (const scope of problem ? [] : listRuleScopes(scopes)) {
      const problemOfScope = findResourceScopeProblem(scope);
      if (problemOfScope) fault('scopes', `has "${scope}", which ${problemOfScope}`);
    }
  }
  for (const value of acrValues) {
    if (!/^[\x21\x23-\x5B\x5D-\x7E]+$/.test(value)) {
      fault('acrValues', `has "${value}". Use printable ASCII without spaces, quotes and backslashes`);
    }
  }
  if (maxAgeMs !== undefined && !(Number.isInteger(maxAgeMs / 1000) && maxAgeMs >= 1000)) {
    fault('maxAgeMs', 'is not a whole number of seconds, from 1000 milliseconds up. Write one, such as 300000');
  }
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= LONGEST_TIMEOUT)) {
    fault('timeoutMs', 'is not a whole number of milliseconds from 1 up. Write one, or remove it');
  }
  if (!isAnonymous) return;
  for (const option of ['scopes', 'acrValues', 'maxAgeMs', 'appOnly'] as const) {
    if (options[option] !== undefined)
      fault(option, 'can never be met: @Anonymous lets everyone call it. Remove one of the two');
  }
}

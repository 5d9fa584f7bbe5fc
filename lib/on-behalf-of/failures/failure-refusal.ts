import { tellValue, type Refusal } from '../../errors/refusal.js';
import { DownstreamError } from '../../errors/downstream-error.js';
import type { ExchangeTarget } from '../dialects/dialect.js';
import { readErrorName } from './answer-fields.js';
import { recallFailure } from './failure-error.js';

/** Says to operators why no token could be had: what was asked for, what came, and what would change it. */
export function describeFailure(thrown: unknown, target: ExchangeTarget): Refusal {
  const error = thrown instanceof DownstreamError ? thrown : undefined;
  return {
    detail: `${describeTarget(target)} was asked for, and ${describeAnswer(error)}`,
    fix: error?.fix ?? 'The log has the failure, under the same reference.',
  };
}

/** What was asked for, as the provider was told. */
export function describeTarget({ name, audience, resource, scopes }: ExchangeTarget): string {
  const parts = { audience, resource, scope: scopes.length > 0 ? scopes.join(' ') : undefined };
  const asked = Object.entries(parts).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${String(value)}`],
  );
  return `A token for ${name}${asked.length > 0 ? ` (${asked.join(', ')})` : ''}`;
}

/** What came, without a provider's prose. */
function describeAnswer(error: DownstreamError | undefined): string {
  const { status, error: name, suberror, timedOut, unusable } = (error && recallFailure(error)) ?? {};
  if (timedOut === true) return 'no answer came in time';
  if (status === undefined) return 'no answer came, or nobody was asked. The log says why, under the same reference';
  const names = [name, suberror].flatMap((one) => (one === undefined ? [] : [tellValue(readErrorName(one))]));
  const told = names.length > 0 ? ` with ${names.join(' and ')}` : '';
  return `the answer was ${status}${told}${unusable === true ? ', which has no usable token' : ''}`;
}

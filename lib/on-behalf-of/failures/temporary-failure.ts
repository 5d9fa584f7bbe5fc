import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import { TemporaryFailureError } from '../../errors/downstream-error.js';
import type { TemporaryFailureCode } from '../../errors/error-codes.js';

/** Makes the error for a temporary failure between this server and a downstream. */
export function createTemporaryFailure(
  code: TemporaryFailureCode,
  message: string,
  { name }: Pick<ResolvedDownstream, 'name'>,
  options: ErrorOptions = {},
): TemporaryFailureError {
  return new TemporaryFailureError(code, message, {
    ...options,
    downstream: name,
    advice: `The ${name} API cannot be reached right now. Try again later.`,
  });
}

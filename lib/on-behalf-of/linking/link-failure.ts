import { AuthorizationResponseError, ClientError } from 'openid-client';
import { ClientCredentialsError } from '../../errors/client-credentials-error.js';
import { OperatorActionError } from '../../errors/downstream-error.js';
import { failureOfExchange } from '../failures/failure-table.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { reasonOf } from '../../errors/reason.js';
import type { LinkedDownstream } from './account-servers.js';
import type { linkPages } from './link-page.js';
import { nameOf, tokenEndpointFailure } from './oauth-failure.js';

/** Why an account was not linked. */
export type Refusal = Exclude<keyof typeof linkPages, 'linked'>;

const CODE = { grantTypes: ['authorization_code'] };

/**
 * What the user is told of an error, and what the log is.
 *
 * @param caught - what openid-client or the store threw
 */
export function linkFailure(caught: unknown): { readonly refusal: Refusal; readonly reason: string } {
  if (caught instanceof AuthorizationResponseError) {
    const { error } = caught;
    return { refusal: REFUSALS[error] ?? 'failed', reason: `the authorization server answered ${nameOf(error)}` };
  }
  const failure = tokenEndpointFailure(caught);
  return {
    refusal: passes(failure) ? 'unavailable' : 'failed',
    reason: reasonOf(caught instanceof ClientError ? caught : failure),
  };
}

/** RFC 6749 section 4.1.2.1. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  access_denied: 'denied',
  server_error: 'unavailable',
  temporarily_unavailable: 'unavailable',
};

/**
 * What the operator has to do something about, and no user could bring about with an answer that was made up: the server
 * itself is refused, or has no credentials.
 */
export function operatorsFault(caught: unknown, target: LinkedDownstream): OperatorActionError | undefined {
  const failure = tokenEndpointFailure(caught);
  const error = failureOfExchange(failure, target, CODE);
  if (!(error instanceof OperatorActionError)) return undefined;
  const isOfServer = error.code === 'client_rejected' || error.code === 'target_unknown';
  return isOfServer || failure instanceof ClientCredentialsError ? error : undefined;
}

function passes(failure: Error): boolean {
  if (!(failure instanceof TokenEndpointError)) return !(failure instanceof ClientCredentialsError);
  const { status } = failure.failure;
  return status === undefined || status === 429 || status >= 500;
}

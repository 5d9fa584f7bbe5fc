import { AuthorizationResponseError, ClientError } from 'openid-client';
import { ClientCredentialsError } from '../../errors/client-credentials-error.js';
import { OperatorActionError } from '../../errors/downstream-error.js';
import { readErrorName } from '../failures/answer-fields.js';
import { classifyExchangeFailure } from '../failures/failure-table.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { describeError } from '../../errors/reason.js';
import type { LinkedDownstream } from './account-servers.js';
import type { LinkOutcome } from './link-page.js';
import type { RefusedLink } from './link-refusal.js';
import { toTokenEndpointError } from './oauth-failure.js';

const CODE = { grantTypes: ['authorization_code'] };

/**
 * What to tell the user about an error, and what to log.
 *
 * @param caught - what openid-client or the store threw
 */
export function classifyLinkFailure(caught: unknown): RefusedLink {
  if (caught instanceof AuthorizationResponseError) {
    const { error } = caught;
    return {
      outcome: OUTCOMES[error] ?? 'failed',
      reason: `the authorization server answered ${readErrorName(error)}`,
    };
  }
  const failure = toTokenEndpointError(caught);
  return {
    outcome: isTemporary(failure) ? 'unavailable' : 'failed',
    reason: describeError(caught instanceof ClientError ? caught : failure),
  };
}

/** RFC 6749 section 4.1.2.1, RFC 8707 section 2. */
const OUTCOMES: Readonly<Record<string, LinkOutcome>> = {
  access_denied: 'denied',
  invalid_request: 'misconfigured',
  invalid_scope: 'misconfigured',
  invalid_target: 'misconfigured',
  unauthorized_client: 'misconfigured',
  unsupported_response_type: 'misconfigured',
  server_error: 'unavailable',
  temporarily_unavailable: 'unavailable',
};

/**
 * A failure that the operator has to fix, and that no user could cause with a forged answer: the server itself is
 * refused, or has no credentials.
 */
export function findOperatorsFault(caught: unknown, target: LinkedDownstream): OperatorActionError | undefined {
  const failure = toTokenEndpointError(caught);
  const error = classifyExchangeFailure(failure, target, CODE);
  if (!(error instanceof OperatorActionError)) return undefined;
  const isOfServer = error.code === 'client_rejected' || error.code === 'target_unknown';
  return isOfServer || failure instanceof ClientCredentialsError ? error : undefined;
}

function isTemporary(failure: Error): boolean {
  if (!(failure instanceof TokenEndpointError)) return !(failure instanceof ClientCredentialsError);
  const { status } = failure.failure;
  return status === undefined || status === 429 || status >= 500;
}

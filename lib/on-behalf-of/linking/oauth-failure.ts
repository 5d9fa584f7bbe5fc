import { ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { toReadable } from '../../errors/reason.js';
import { parseRetryAfter, readErrorName } from '../failures/answer-fields.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { McpAuthError } from '../../errors/mcp-auth-error.js';

/**
 * Converts a token endpoint's answer for the table of failures.
 *
 * @param thrown - what openid-client threw
 * @returns an error without parts of the request, and without the server's prose
 */
export function toTokenEndpointError(thrown: unknown): McpAuthError {
  const caught = toReadable(thrown);
  if (caught instanceof McpAuthError) return caught;
  if (caught instanceof ResponseBodyError) {
    const { status, error, response } = caught;
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'));
    return new TokenEndpointError(`status ${status}, ${readErrorName(error)}`, {
      status,
      error,
      retryAfterMs,
      foreign: true,
    });
  }
  if (caught instanceof WWWAuthenticateChallengeError) {
    const { status } = caught;
    return new TokenEndpointError(`status ${status}`, { status, foreign: true });
  }
  if (caught instanceof ClientError) return fromClientError(caught);
  return new TokenEndpointError('no answer', {});
}

function fromClientError({ message, code, cause }: ClientError): McpAuthError {
  // The client could not authenticate.
  if (cause instanceof McpAuthError) return cause;
  if (code === 'OAUTH_TIMEOUT') return new TokenEndpointError(message, { timedOut: true });
  if (cause instanceof Response && cause.status !== 200) {
    return new TokenEndpointError(`status ${cause.status}`, { status: cause.status, foreign: true });
  }
  if (code === undefined) return new TokenEndpointError(message, {});
  return new TokenEndpointError(`the answer cannot be used: ${message}`, { status: 200, unusable: true });
}

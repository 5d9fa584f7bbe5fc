import {
  allowInsecureRequests,
  customFetch,
  introspectionRequest,
  processIntrospectionResponse,
  type ClientAuth,
} from 'oauth4webapi';
import { useCredentials } from '../../resource-server/clients/client-authentication.js';
import { createClientFetch, toClientMetadata } from '../../resource-server/issuers/issuer-client.js';
import type { FormParameters } from '../dialects/dialect.js';
import type { Destination } from './token-endpoint-request.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { TOKEN_EXCHANGE } from '../dialects/token-types.js';

/** Milliseconds that the introspection endpoint may take. */
const TIMEOUT = 5_000;

/** How much the introspection endpoint is asked. */
export const LIMITS = {
  maxConcurrent: 20,
  maxQueued: 100,
  maxWaitMs: TIMEOUT,
  longestPatienceMs: 0.9 * TIMEOUT,
  isAdaptive: true,
};

/**
 * Tells apart two meanings of `invalid_request` (RFC 8693 section 2.2.2): an invalid subject token, and a wrong
 * request. The issuer decides by introspection (RFC 7662). Without introspection the subject token is taken to be
 * invalid.
 *
 * @param pass - sends the question when there is room for it
 * @returns the error, with the result of the introspection
 */
export async function addSubjectState(
  error: TokenEndpointError,
  destination: Destination,
  grantType: string,
  { subject_token: token }: FormParameters,
  pass: (ask: () => Promise<boolean>) => Promise<boolean>,
): Promise<TokenEndpointError> {
  if (grantType !== TOKEN_EXCHANGE || error.failure.error !== 'invalid_request' || typeof token !== 'string')
    return error;
  if (!(await pass(() => isActive(token, destination)).catch(() => false))) return error;
  const message = `${error.message}. The issuer says that the caller's token is active, so the request is wrong`;
  return new TokenEndpointError(message, { ...error.failure, subjectIsActive: true });
}

async function isActive(token: string, { metadata, client: { id, authentication } }: Destination): Promise<boolean> {
  if (metadata.introspection_endpoint === undefined) return false;
  const authenticate: ClientAuth = (...request) => useCredentials(() => authentication(...request));
  const registration = { client_id: id, ...toClientMetadata(authentication) };
  const response = await introspectionRequest(metadata, registration, authenticate, token, {
    additionalParameters: { token_type_hint: 'access_token' },
    signal: AbortSignal.timeout(TIMEOUT),
    [customFetch]: createClientFetch(authentication),
    // The addresses were checked: plain http only occurs on loopback.
    [allowInsecureRequests]: true,
  });
  return (await processIntrospectionResponse(metadata, registration, response)).active;
}

import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';

/** Turns a challenge into the answer of an HTTP request. */
export function createChallengeResponse(exception: ChallengeException): Response {
  return Response.json(exception.getResponse(), {
    status: exception.getStatus(),
    headers: { 'WWW-Authenticate': exception.challenge },
  });
}

/** Turns a challenge into the error of a message that did not come over HTTP. */
export function toChallengeError({ parameters }: ChallengeException): ProtocolError {
  const { error: code = 'unauthorized', errorDescription = 'An access token is needed', scopes = [] } = parameters;
  const needed = scopes.length > 0 ? `. Needed: ${scopes.join(' ')}` : '';
  return new ProtocolError(ProtocolErrorCode.InvalidRequest, `${errorDescription} (${code})${needed}`, {
    error: code,
    scopes,
  });
}

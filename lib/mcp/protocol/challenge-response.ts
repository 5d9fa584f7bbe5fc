import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { HttpAnswer } from '../invocation/limit-answer.js';
import type { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';

/** Describes the answer of an HTTP request that is a challenge. */
export function describeChallenge(exception: ChallengeException): HttpAnswer {
  return {
    status: exception.getStatus(),
    headers: { 'Content-Type': 'application/json', 'WWW-Authenticate': exception.challenge },
    body: exception.getResponse() as object,
  };
}

/** Turns a challenge into the answer of an HTTP request. */
export function createChallengeResponse(exception: ChallengeException): Response {
  const { status, headers, body } = describeChallenge(exception);
  return Response.json(body, { status, headers });
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

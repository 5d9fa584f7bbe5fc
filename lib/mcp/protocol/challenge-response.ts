import type { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';

/** Turns a challenge into the answer of an HTTP request. */
export function createChallengeResponse(exception: ChallengeException): Response {
  return Response.json(exception.getResponse(), {
    status: exception.getStatus(),
    headers: { 'WWW-Authenticate': exception.challenge },
  });
}

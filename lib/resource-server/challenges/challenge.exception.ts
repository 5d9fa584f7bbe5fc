import { HttpException } from '@nestjs/common';
import { formatChallenge, type ChallengeParameters } from './challenge.js';

const STATUS = {
  invalid_request: 400,
  invalid_token: 401,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  insufficient_user_authentication: 401,
  insufficient_claims: 401,
  insufficient_scope: 403,
} as const;

/** Refuses a request with a challenge. `error` sets the status (RFC 6750 section 3.1), 401 without one. */
export class ChallengeException extends HttpException {
  /** Value of the `WWW-Authenticate` header. */
  readonly challenge: string;

  constructor(readonly parameters: ChallengeParameters) {
    const { error, errorDescription = 'An access token is required' } = parameters;
    super({ error: error ?? 'unauthorized', error_description: errorDescription }, error ? STATUS[error] : 401);
    this.challenge = formatChallenge(parameters);
  }
}

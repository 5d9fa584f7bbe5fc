import { McpAuthError } from '../errors/mcp-auth-error.js';
import { parseChallenges, type TestChallenge } from './authenticate-header.js';

/**
 * The server refused a request over HTTP: 401 or 403, or 400 with a challenge. Except for `status` and `challenges`,
 * the members describe the first challenge with an `error`, or else the first challenge. They never contain a token.
 */
export class ChallengeError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'challenged';
  /** HTTP status: 400, 401 or 403. */
  readonly status: number;
  /** Every challenge of `WWW-Authenticate`; empty if there is no such header. */
  readonly challenges: readonly TestChallenge[];
  /** `Bearer` or `DPoP`. */
  readonly scheme: string | undefined;
  /** RFC 6750 section 3.1; `undefined` if the request had no token. */
  readonly error: string | undefined;
  /** `error_description` of the challenge (RFC 6750 section 3). */
  readonly errorDescription: string | undefined;
  /** The scopes that the challenge asks for, in order. */
  readonly scopes: readonly string[];
  /** Address of the protected resource metadata (RFC 9728 section 5.1). */
  readonly resourceMetadata: string | undefined;
  /** `acr_values` of the challenge (RFC 9470 section 3): the required kinds of authentication. */
  readonly acrValues: readonly string[];
  /** `max_age` of the challenge in milliseconds (RFC 9470 section 3): the maximum age of the authentication. */
  readonly maxAgeMs: number | undefined;

  /**
   * @param status - HTTP status of the response
   * @param header - `WWW-Authenticate` of the response, if any
   */
  constructor(status: number, header: string | null) {
    const challenges = parseChallenges(header ?? '');
    const main = challenges.find(({ parameters }) => parameters.error !== undefined) ?? challenges[0];
    const { error, error_description, scope, resource_metadata, acr_values, max_age } = main?.parameters ?? {};
    super(`The server refused the request: ${describe(status, main)}`);
    this.status = status;
    this.challenges = challenges;
    this.scheme = main?.scheme;
    this.error = error;
    this.errorDescription = error_description;
    this.scopes = splitWords(scope);
    this.resourceMetadata = resource_metadata;
    this.acrValues = splitWords(acr_values);
    this.maxAgeMs = max_age === undefined ? undefined : Number(max_age) * 1000;
  }
}

/**
 * Returns the error for a response that refuses the request.
 *
 * @param token - removed from the error, because a server may repeat it
 */
export function readRefusal({ status, headers }: Response, token?: string): ChallengeError | undefined {
  const header = headers.get('www-authenticate');
  if (status !== 401 && status !== 403 && !(status === 400 && header !== null)) return undefined;
  return new ChallengeError(status, token === undefined ? header : (header?.replaceAll(token, '(token)') ?? null));
}

function describe(status: number, challenge: TestChallenge | undefined): string {
  if (!challenge) return `${status} without a challenge`;
  const { error, error_description, scope } = challenge.parameters;
  const asked = scope === undefined ? '' : `, asking for ${scope}`;
  const said = error_description === undefined ? '' : ` (${error_description})`;
  return `${status} ${challenge.scheme} ${error ?? 'without an error'}${asked}${said}`;
}

function splitWords(value = ''): string[] {
  return value.split(' ').filter((word) => word !== '');
}

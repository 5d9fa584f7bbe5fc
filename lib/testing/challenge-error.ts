import { McpAuthError } from '../errors/mcp-auth-error.js';
import { parseChallenges, type TestChallenge } from './authenticate-header.js';

/**
 * The server refused a request over HTTP: 401 or 403, or 400 with a challenge. The members but `status` and `challenges`
 * are those of the first challenge that has an `error`, or else of the first. No token is in any of them.
 */
export class ChallengeError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'challenged';
  /** Status of HTTP: 400, 401 or 403. */
  readonly status: number;
  /** Each challenge of `WWW-Authenticate`; none where the server sent no such header. */
  readonly challenges: readonly TestChallenge[];
  /** `Bearer` or `DPoP`. */
  readonly scheme: string | undefined;
  /** RFC 6750 section 3.1; `undefined` where the request carried no token. */
  readonly error: string | undefined;
  /** `error_description` of the challenge (RFC 6750 section 3). */
  readonly errorDescription: string | undefined;
  /** Scopes that are asked for, in their order. */
  readonly scopes: readonly string[];
  /** Address of the protected resource metadata (RFC 9728 section 5.1). */
  readonly resourceMetadata: string | undefined;
  /** `acr_values` of the challenge (RFC 9470 section 3): what the sign-in should be like. */
  readonly acrValues: readonly string[];
  /** `max_age` of the challenge in milliseconds (RFC 9470 section 3): how long ago the sign-in may have been. */
  readonly maxAgeMs: number | undefined;

  /**
   * @param status - of the answer
   * @param header - its `WWW-Authenticate`, where there is one
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
 * The refusal that a response is, if it is one.
 *
 * @param token - which a server may repeat, and which must not get into an error
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

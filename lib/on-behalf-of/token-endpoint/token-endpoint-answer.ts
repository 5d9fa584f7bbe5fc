import type { TokenEndpointAnswer } from '../dialects/dialect.js';
import { hideSecrets } from './sent-secrets.js';
import { TokenEndpointError, type TokenEndpointFailure } from '../../errors/token-endpoint-error.js';
import { readClaimsRequest, parseRetryAfter, splitWords } from '../failures/answer-fields.js';
import { isJsonObject } from '../../json/json-object.js';

/** Characters of a description that are logged. */
const MAX_DESCRIPTION = 200;

/** Seconds in a year. A longer lifetime is not plausible. */
const MAX_LIFETIME = 366 * 24 * 60 * 60;

/**
 * Reads a token endpoint's answer (RFC 6749 sections 5.1 and 5.2).
 *
 * @param secrets - what was sent, and must not be repeated if the endpoint repeats it
 * @throws TokenEndpointError if the answer has no token
 */
export async function readAnswer(response: Response, secrets: readonly string[]): Promise<TokenEndpointAnswer> {
  const { status } = response;
  const body = await readBody(response);
  if (status !== 200) throw createRefusal(response, body, secrets);
  const { access_token, token_type, issued_token_type, expires_in, scope } = body;
  if (typeof access_token !== 'string' || access_token === '') throw createUnusableError('it has no access_token');
  if (typeof token_type !== 'string' || token_type === '') throw createUnusableError('it has no token_type');
  if (issued_token_type !== undefined && typeof issued_token_type !== 'string')
    throw createUnusableError('its issued_token_type is not a string');
  return {
    access_token,
    token_type: token_type.toLowerCase(),
    issued_token_type,
    expires_in: parseLifetime(expires_in),
    scope: typeof scope === 'string' ? scope : undefined,
  };
}

async function readBody(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    return isJsonObject(body) ? body : {};
  } catch {
    return {};
  }
}

/** Seconds. Some providers write them as a string. An implausible lifetime counts as absent. */
function parseLifetime(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 && seconds <= MAX_LIFETIME ? seconds : undefined;
}

function createUnusableError(what: string): TokenEndpointError {
  return new TokenEndpointError(`the answer cannot be used: ${what}`, { status: 200, unusable: true });
}

function createRefusal(
  { status, headers }: Response,
  body: Record<string, unknown>,
  secrets: readonly string[],
): TokenEndpointError {
  const readText = (value: unknown) => (isErrorCode(value) ? hideSecrets(value, secrets) : undefined);
  const error = readText(body.error);
  const failure: TokenEndpointFailure = {
    status,
    error,
    suberror: readText(body.suberror),
    claims: readClaimsRequest(body.claims),
    acrValues: typeof body.acr_values === 'string' ? splitWords(body.acr_values) : undefined,
    maxAgeMs: parseMaxAge(body.max_age),
    retryAfterMs: parseRetryAfter(headers.get('retry-after')),
  };
  const details = [
    `status ${status}`,
    ...[error, failure.suberror].filter((word) => word !== undefined),
    ...(typeof body.error_description === 'string' ? [quote(body.error_description, secrets)] : []),
  ];
  return new TokenEndpointError(details.join(', '), failure);
}

/** RFC 6749 section 5.2. Anything else would only fill the log. */
function isErrorCode(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21\x23-\x5B\x5D-\x7E]{1,100}$/.test(value);
}

/** Milliseconds. */
function parseMaxAge(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && Number.isSafeInteger(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function quote(description: string, secrets: readonly string[]): string {
  // The description may contain a part of the token, or another token.
  const clean = hideSecrets(description, secrets).replace(/[A-Za-z0-9_-]{40,}/g, '[token]');
  return JSON.stringify(clean.slice(0, MAX_DESCRIPTION));
}

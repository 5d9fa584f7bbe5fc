import type { TokenEndpointAnswer } from '../dialects/dialect.js';
import { TokenEndpointError, type TokenEndpointFailure } from '../../errors/token-endpoint-error.js';
import {
  describeRefusal,
  isErrorCode,
  readEndpointAnswer,
  type EndpointAnswer,
} from '../../resource-server/issuers/endpoint-answer.js';
import { hideSecrets, listSecrets, type SentRequest } from '../../resource-server/issuers/sent-secrets.js';
import type { JsonObject } from '../../json/json-object.js';
import { standardizeMembers } from './standard-members.js';
import { readClaimsRequest, parseRetryAfter, splitWords } from '../failures/answer-fields.js';

/** What an answer may leave out. */
export interface AnswerTolerance {
  /** Takes an answer without `token_type` for one with a bearer token. */
  readonly acceptMissingTokenType?: boolean | undefined;
}

/**
 * Reads a token endpoint's answer (RFC 6749 sections 5.1 and 5.2). Servers that differ in form alone are understood:
 * with another 2xx status, another media type, or an error in an answer of 200.
 *
 * @param request - what was sent. Its secrets are not repeated if the endpoint repeats them
 * @throws TokenEndpointError if the answer has no token
 */
export async function readAnswer(
  response: Response,
  request: SentRequest,
  { acceptMissingTokenType = false }: AnswerTolerance = {},
): Promise<TokenEndpointAnswer> {
  const answer = await readEndpointAnswer(response);
  const { status, type, headers, members } = answer;
  if (status < 200 || status > 299 || isErrorInDisguise(members)) throw createRefusal(answer, request);
  if (!members) throw createUnusableError(status, `it is no JSON object (${type ?? 'without a media type'})`);
  const { access_token, token_type, issued_token_type, expires_in, scope } = {
    ...(acceptMissingTokenType && { token_type: 'bearer' }),
    ...standardizeMembers(members, headers),
  } as Record<string, unknown>;
  if (typeof access_token !== 'string' || access_token === '')
    throw createUnusableError(status, 'it has no access_token');
  if (typeof token_type !== 'string' || token_type === '')
    throw createUnusableError(status, 'it has no token_type. `acceptMissingTokenType` accepts that (dialects.rfc8693)');
  if (issued_token_type !== undefined && typeof issued_token_type !== 'string')
    throw createUnusableError(status, 'its issued_token_type is not a string');
  return {
    access_token,
    token_type,
    issued_token_type,
    expires_in: typeof expires_in === 'number' ? expires_in : undefined,
    scope: typeof scope === 'string' ? scope : undefined,
  };
}

/** Whether an answer of success has an error instead of a token, as GitHub answers. */
export function isErrorInDisguise(members: JsonObject | undefined): boolean {
  return (members?.access_token ?? undefined) === undefined && isErrorCode(members?.error);
}

function createUnusableError(status: number, what: string): TokenEndpointError {
  return new TokenEndpointError(`the answer cannot be used: ${what}`, { status, unusable: true });
}

function createRefusal(answer: EndpointAnswer, request: SentRequest): TokenEndpointError {
  const { status, headers, members = {} } = answer;
  const secrets = listSecrets(request);
  const readText = (value: unknown) => (isErrorCode(value) ? hideSecrets(value, secrets) : undefined);
  const failure: TokenEndpointFailure = {
    status,
    error: readText(members.error),
    suberror: readText(members.suberror),
    claims: readClaimsRequest(members.claims),
    acrValues: typeof members.acr_values === 'string' ? splitWords(members.acr_values) : undefined,
    maxAgeMs: parseMaxAge(members.max_age),
    retryAfterMs: parseRetryAfter(headers.get('retry-after')),
  };
  return new TokenEndpointError(describeRefusal(answer, request), failure);
}

/** Milliseconds. */
function parseMaxAge(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && Number.isSafeInteger(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

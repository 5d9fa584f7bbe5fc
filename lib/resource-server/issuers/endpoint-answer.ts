import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { hasEncodedCredentials, hideSecrets, listSecrets, type SentRequest } from './sent-secrets.js';

/** Characters of a text of the server that are logged. */
const MAX_QUOTED = 200;

/** Characters of a page in which its text is looked for. */
const MAX_PAGE = 4_000;

/** Members in which servers say why they refuse: RFC 6749 section 5.2, RFC 9457, and the habits of some. */
const REASONS = ['error_description', 'detail', 'message', 'errorSummary', 'title'];

/** What an endpoint of an issuer answered. */
export interface EndpointAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Its media type, in lower case; `undefined` if it does not name one. */
  readonly type: string | undefined;
  /** Members of a JSON object, whatever its media type is, or of a form; `undefined` for everything else. */
  readonly members: JsonObject | undefined;
  readonly text: string;
}

/** Reads an answer. Some servers do not name the media type of JSON, and some answer with a form. */
export async function readEndpointAnswer(response: Response): Promise<EndpointAnswer> {
  const { status, headers } = response;
  const text = await response.text();
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  const members =
    type === 'application/x-www-form-urlencoded' ? Object.fromEntries(new URLSearchParams(text)) : parseObject(text);
  return { status, headers, type, members, text };
}

/** An error code (RFC 6749 section 5.2). Anything else would only fill the log. */
export function isErrorCode(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21\x23-\x5B\x5D-\x7E]{1,100}$/.test(value);
}

/**
 * Says why an endpoint refused, in the words of the server, for the log alone.
 *
 * @param request - what was sent. Its secrets are not repeated if the server repeats them
 */
export function describeRefusal(
  { status, headers, type, members, text }: EndpointAnswer,
  request: SentRequest,
): string {
  const secrets = listSecrets(request);
  const codes = [members?.error, members?.suberror].filter(isErrorCode).map((code) => hideSecrets(code, secrets));
  const reason = REASONS.map((name) => members?.[name]).find((value) => typeof value === 'string' && value !== '');
  const challenge = headers.get('www-authenticate');
  const location = headers.get('location');
  const page = members ? '' : readPage(text);
  const details = [
    `status ${status}`,
    ...codes,
    ...(typeof reason === 'string' ? [quote(reason, secrets)] : []),
    ...(page === '' ? [] : [`${type ?? 'no media type'}: ${quote(page, secrets)}`]),
    ...(challenge === null ? [] : [`WWW-Authenticate: ${quote(challenge, secrets)}`]),
    ...(location === null ? [] : [`a redirect to ${quote(location, secrets)}, which is not followed`]),
  ];
  const isOfClient = status === 401 || codes.includes('invalid_client');
  return details.join(', ') + (isOfClient && hasEncodedCredentials(request) ? HINT : '');
}

const HINT =
  ". The client's id or secret has characters that HTTP Basic encodes. A server that does not decode them needs `clientSecretBasic(secret, { encoding: 'none' })`";

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The words of a page, without its markup. */
function readPage(text: string): string {
  return text
    .slice(0, MAX_PAGE)
    .replace(/<(script|style)\b[^>]*>.*?<\/\1>|<[^>]*>/gis, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function quote(text: string, secrets: readonly string[]): string {
  // It may contain a part of the token, or another token.
  const clean = hideSecrets(text, secrets).replace(/[A-Za-z0-9_-]{40,}/g, '[token]');
  return JSON.stringify(clean.slice(0, MAX_QUOTED));
}

import type { ExchangedToken, TokenEndpointAnswer } from './dialect.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';

/**
 * RFC 6749 appendix A.12 without the space. Some providers' tokens are not a `b64token`; these characters all fit in a
 * header.
 */
const VISIBLE = /^[\x21-\x7E]+$/;

/** Maximum characters of a token. It travels in a header, and servers take no more than that in all headers. */
const MAX_TOKEN = 64 * 1024;

/**
 * Takes the access token out of an answer and checks everything that the answer says of it (RFC 6749 section 7.1, RFC
 * 8693 section 2.2.1).
 *
 * @param answer - of the token endpoint
 * @param asked - the `issued_token_type` that the answer must have, if the dialect has one, and the scopes asked for
 * @throws TokenEndpointError if the token is not the one asked for
 */
export function toExchangedToken(
  answer: TokenEndpointAnswer,
  asked: { readonly issuedTokenType?: string; readonly scopes?: readonly string[] } = {},
): ExchangedToken {
  const { access_token: value, token_type, issued_token_type, expires_in, scope } = answer;
  const type = token_type.toLowerCase();
  if (type !== 'bearer' && type !== 'dpop') throw createUnusableError(`token_type is ${quote(token_type)}`);
  if (asked.issuedTokenType !== undefined && issued_token_type !== asked.issuedTokenType) {
    throw createUnusableError(`issued_token_type is ${quote(issued_token_type)}, not ${asked.issuedTokenType}`);
  }
  if (value.length > MAX_TOKEN) {
    throw createUnusableError(`access_token has ${value.length} characters, and no more than ${MAX_TOKEN} are sent`);
  }
  if (!VISIBLE.test(value)) throw createUnusableError('access_token has characters that no token has');
  const granted = scope?.split(' ').filter((one) => one !== '');
  return {
    value,
    type,
    expiresInMs: expires_in === undefined ? undefined : expires_in * 1000,
    ...(granted && isNarrower(granted, asked.scopes ?? []) && { grantedScopes: granted }),
  };
}

function isNarrower(granted: readonly string[], asked: readonly string[]): boolean {
  return asked.some((scope) => !granted.includes(scope));
}

function createUnusableError(what: string): TokenEndpointError {
  return new TokenEndpointError(what, { status: 200, unusable: true });
}

function quote(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 100);
}

import type { ExchangedToken, TokenEndpointAnswer } from './dialect.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';

/**
 * RFC 6749 appendix A.12 without the space. Some providers' tokens are not a `b64token`; these characters all fit in a
 * header.
 */
const VISIBLE = /^[\x21-\x7E]+$/;

/** Maximum characters of a token. It travels in a header, and servers take no more than that in all headers. */
const MAX_TOKEN = 64 * 1024;

/** What an answer has to say. */
export interface AskedToken {
  /** Values of `issued_token_type` that are right. Without them it is not looked at. */
  readonly issuedTokenType?: string | readonly string[];
  /** Whether an answer without `issued_token_type` is right, too. Defaults to `false`. */
  readonly acceptMissingIssuedTokenType?: boolean;
  /** Values of `token_type`, in lower case, that mean a bearer token besides `bearer`. */
  readonly tokenType?: readonly string[];
  /** The scopes asked for. */
  readonly scopes?: readonly string[];
}

/**
 * Takes the access token out of an answer and checks everything that the answer says of it (RFC 6749 section 7.1, RFC
 * 8693 section 2.2.1).
 *
 * @param answer - of the token endpoint
 * @param asked - what the answer has to say, and the scopes asked for
 * @throws TokenEndpointError if the token is not the one asked for
 */
export function toExchangedToken(answer: TokenEndpointAnswer, asked: AskedToken = {}): ExchangedToken {
  const { access_token: value, token_type, expires_in, scope } = answer;
  const { tokenType = [], scopes = [] } = asked;
  const named = token_type.trim().toLowerCase();
  const type = tokenType.includes(named) ? 'bearer' : named;
  if (type !== 'bearer' && type !== 'dpop') {
    throw createUnusableError(
      `token_type is ${quote(token_type)}. \`tokenType\` of dialects.rfc8693 names what means a bearer token`,
    );
  }
  checkIssuedTokenType(answer, asked);
  if (value.length > MAX_TOKEN) {
    throw createUnusableError(`access_token has ${value.length} characters, and no more than ${MAX_TOKEN} are sent`);
  }
  if (!VISIBLE.test(value)) throw createUnusableError('access_token has characters that no token has');
  const granted = scope === undefined ? undefined : splitScopes(scope, scopes);
  return {
    value,
    type,
    expiresInMs: expires_in === undefined ? undefined : expires_in * 1000,
    ...(granted && isNarrower(granted, scopes) && { grantedScopes: granted }),
  };
}

/**
 * Checks what was issued (RFC 8693 section 2.2.1).
 *
 * @throws TokenEndpointError if it is not what was asked for
 */
export function checkIssuedTokenType(
  { issued_token_type: issued }: TokenEndpointAnswer,
  {
    issuedTokenType,
    acceptMissingIssuedTokenType = false,
  }: Pick<AskedToken, 'issuedTokenType' | 'acceptMissingIssuedTokenType'>,
): void {
  if (issuedTokenType === undefined) return;
  const right = [issuedTokenType].flat();
  if (issued === undefined ? acceptMissingIssuedTokenType : right.includes(issued)) return;
  const remedy =
    issued === undefined ? '`acceptMissingIssuedTokenType` accepts that' : '`issuedTokenType` names another';
  throw createUnusableError(
    `issued_token_type is ${quote(issued)}, not ${right.join(' or ')}. ${remedy} (dialects.rfc8693)`,
  );
}

/** Some servers separate scopes by commas. */
function splitScopes(scope: string, asked: readonly string[]): readonly string[] {
  const separator = asked.some((one) => one.includes(',')) ? / +/ : /[ ,]+/;
  return scope.split(separator).filter((one) => one !== '');
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

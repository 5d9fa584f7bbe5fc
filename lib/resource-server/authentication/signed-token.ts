import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Issuer } from '../issuers/issuer.js';
import type { Issuers } from '../issuers/issuers.js';
import type { VerificationKey } from '../issuers/verification-key.js';
import type { TokenClaims } from '../access/claims.js';
import { bareType } from '../issuers/resolved-issuer.js';
import { InvalidTokenError } from './invalid-token-error.js';

/** A JWT that says it is of a configured issuer. Nothing in it is verified. */
export interface SignedToken {
  readonly token: string;
  readonly header: { readonly alg: string; readonly kid?: unknown; readonly typ?: unknown; readonly cty?: unknown };
  readonly claims: TokenClaims;
  readonly issuer: Issuer;
}

/** Header parameters that tell a verifier where to find the key, which is for the verifier to know (RFC 8725 section 3.10). */
const KEY_PARAMETERS = ['jwk', 'jku', 'x5u'];

/**
 * Reads a token. Its `iss` only chooses among the configured issuers, and the signature then covers that same `iss`.
 *
 * @returns `undefined` if it is no JWT, or of no configured issuer
 */
export function readToken(token: string, issuers: Issuers): SignedToken | undefined {
  try {
    const header = decodeProtectedHeader(token);
    const claims = decodeJwt(token);
    const issuer = issuers.issuerOf(claims);
    return issuer && { token, header: { ...header, alg: String(header.alg) }, claims, issuer };
  } catch {
    return undefined;
  }
}

/**
 * The key that a token has to be signed with. Nothing that the token names is ever fetched.
 *
 * @throws {@link InvalidTokenError} for a header that no access token of the issuer has
 * @throws {@link IssuerUnavailableError} if the issuer's keys cannot be had
 */
export async function keyFor({ token, header, issuer }: SignedToken): Promise<VerificationKey> {
  if (!token.split('.').every(isCanonical)) throw new InvalidTokenError('The token is not in base64url');
  const { algorithms, types, acceptMissingType } = issuer.options;
  const { alg, kid, typ, cty } = header;
  const isTyped = typ === undefined ? acceptMissingType : typeof typ === 'string' && types.has(bareType(typ));
  if (!isTyped) throw new InvalidTokenError('The token is not an access token');
  if (typeof cty === 'string' && bareType(cty) === 'jwt') throw new InvalidTokenError('The token is a JWT in a JWT');
  if ('crit' in header) throw new InvalidTokenError('The token has critical header parameters');
  if (KEY_PARAMETERS.some((parameter) => parameter in header)) {
    throw new InvalidTokenError('The token brings a key of its own');
  }
  if (!algorithms.includes(alg))
    throw new InvalidTokenError('The token is signed with an algorithm that is not accepted');
  if (kid !== undefined && typeof kid !== 'string')
    throw new InvalidTokenError('The token has a key id that is not a string');
  const key = await issuer.keys.find({ alg, kid });
  if (!key) throw new InvalidTokenError('The token is signed with an unknown key');
  return key;
}

/** RFC 4648 section 3.5: what decodes to the same bytes is not the same token. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

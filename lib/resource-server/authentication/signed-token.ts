import { decodeJwt, decodeProtectedHeader } from 'jose';
import { isTooDeep } from '../../json/json-depth.js';
import type { Issuer } from '../issuers/issuer.js';
import type { Issuers } from '../issuers/issuers.js';
import type { VerificationKey } from '../issuers/verification-key.js';
import type { TokenClaims } from '../access/claims.js';
import { normalizeType } from '../issuers/resolved-issuer.js';
import { compareValues } from './compared-values.js';

/** A JWS that claims to be signed by an issuer. It is not verified. */
export interface Jws {
  readonly token: string;
  readonly header: { readonly alg?: unknown; readonly kid?: unknown; readonly typ?: unknown; readonly cty?: unknown };
}

/** A JWT that claims to come from a configured issuer. It is not verified. */
export interface SignedToken extends Jws {
  readonly claims: TokenClaims;
  readonly issuer: Issuer;
}

/** Header requirements of one kind of token. */
export interface TokenKind {
  /** Name with an article, such as `an access token`. */
  readonly name: string;
  /** Values of `typ`, in lower case and without `application/`. */
  readonly types: ReadonlySet<string>;
  /** Whether `typ` may be missing. */
  readonly acceptMissingType: boolean;
  readonly algorithms: readonly string[];
}

/** Header parameters that supply or locate a key. They are not trusted (RFC 8725 section 3.10). */
const KEY_PARAMETERS = ['jwk', 'jku', 'x5u'];

/**
 * Reads a token. Its `iss` only selects one of the configured issuers, and the signature covers the same `iss`.
 *
 * @returns `undefined` if the token is no JWT, or comes from no configured issuer
 */
export function readToken(token: string, issuers: Issuers): SignedToken | undefined {
  try {
    const header = decodeProtectedHeader(token);
    const claims = decodeJwt(token);
    const issuer = issuers.findIssuer(claims);
    return issuer && { token, header, claims, issuer };
  } catch {
    return undefined;
  }
}

/** Why a token was not read, for whoever sent it. */
export const UNREAD = 'The token is not a JWT of an issuer that is trusted here';

/** Why a token was not read, for operators: they see which issuer it names. The name is not verified. */
export function describeUnread(token: string, issuers: Issuers): string {
  try {
    const trusted = issuers.all.map(({ identifier }) => identifier);
    return `${UNREAD}: ${compareValues('its iss', decodeJwt(token).iss, trusted)}`;
  } catch {
    return UNREAD;
  }
}

/**
 * Checks the header of a JWS and finds the key that verifies it. URLs in the header are never fetched.
 *
 * @returns the key, or a problem as the predicate of a sentence, such as "is not in base64url"
 * @throws {@link IssuerUnusableError} if the issuer's keys cannot be fetched
 */
export async function findKey(
  { token, header }: Jws,
  kind: TokenKind,
  issuer: Issuer,
): Promise<{ readonly key: VerificationKey['key'] } | { readonly problem: string }> {
  if (isTooDeep(header)) return { problem: 'has a header that is nested too deeply' };
  const { alg, kid, typ, cty } = header;
  const { name, types, acceptMissingType, algorithms } = kind;
  if (!token.split('.').every(isCanonical)) return { problem: 'is not in base64url' };
  const isTyped = typ === undefined ? acceptMissingType : typeof typ === 'string' && types.has(normalizeType(typ));
  if (!isTyped) return { problem: `is not ${name}` };
  if (typeof cty === 'string' && normalizeType(cty) === 'jwt') return { problem: 'is a JWT in a JWT' };
  if ('crit' in header) return { problem: 'has critical header parameters' };
  if (KEY_PARAMETERS.some((parameter) => parameter in header)) return { problem: 'brings a key of its own' };
  if (typeof alg !== 'string' || !algorithms.includes(alg))
    return { problem: 'is signed with an algorithm that is not accepted' };
  if (kid !== undefined && typeof kid !== 'string') return { problem: 'has a key id that is not a string' };
  const found = await issuer.keys.find({ alg, kid });
  return found ? { key: found.key } : { problem: 'is signed with an unknown key' };
}

/** RFC 4648 section 3.5: only one encoding of the same bytes is canonical. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Issuer } from '../issuers/issuer.js';
import type { Issuers } from '../issuers/issuers.js';
import type { VerificationKey } from '../issuers/verification-key.js';
import type { TokenClaims } from '../access/claims.js';
import { normalizeType } from '../issuers/resolved-issuer.js';

/** What an issuer has signed, or somebody says that it has. Nothing in it is verified. */
export interface Jws {
  readonly token: string;
  readonly header: { readonly alg?: unknown; readonly kid?: unknown; readonly typ?: unknown; readonly cty?: unknown };
}

/** A JWT that says it is of a configured issuer. Nothing in it is verified. */
export interface SignedToken extends Jws {
  readonly claims: TokenClaims;
  readonly issuer: Issuer;
}

/** What the header of one kind of token has to say. */
export interface TokenKind {
  /** With an article. */
  readonly name: string;
  /** Values of `typ`, in lower case and without `application/`. */
  readonly types: ReadonlySet<string>;
  /** Whether `typ` may be missing. */
  readonly acceptMissingType: boolean;
  readonly algorithms: readonly string[];
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
    const issuer = issuers.findIssuer(claims);
    return issuer && { token, header, claims, issuer };
  } catch {
    return undefined;
  }
}

/**
 * Finds the key that something has to be signed with, after the header has been checked. Nothing that the header names is
 * ever fetched.
 *
 * @returns the key, or what is wrong, as it follows after "The token"
 * @throws {@link IssuerUnavailableError} if the issuer's keys cannot be had
 */
export async function findKey(
  { token, header }: Jws,
  kind: TokenKind,
  issuer: Issuer,
): Promise<{ readonly key: VerificationKey['key'] } | { readonly problem: string }> {
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

/** RFC 4648 section 3.5: what decodes to the same bytes is not the same token. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

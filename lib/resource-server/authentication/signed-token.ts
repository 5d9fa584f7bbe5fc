import type { KeyObject } from 'node:crypto';
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose';
import { compareValues, tellValue, type Refusal } from '../../errors/refusal.js';
import { isTooDeep } from '../../json/json-depth.js';
import type { Issuer } from '../issuers/issuer.js';
import type { Issuers } from '../issuers/issuers.js';
import type { TokenClaims } from '../access/claims.js';
import { normalizeType } from '../issuers/resolved-issuer.js';
import { describeUnknownKey } from './refused-keys.js';

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
  /**
   * Whether the header may say where a key is: `jku`, `x5u`, `jwk`. It is never followed (RFC 8725 section 3.10). Some
   * providers name the address of their own keys in each access token.
   */
  readonly mayNameKeys?: boolean;
}

/** Why the signature of a JWS is not taken. */
export interface SignatureProblem {
  /** The predicate of a sentence, such as "is not in base64url". */
  readonly problem: string;
  /** For operators only. What it advises is for access tokens. */
  readonly refusal: Refusal;
}

/** Header parameters that supply or locate a key. */
const KEY_PARAMETERS = ['jwk', 'jku', 'x5u'];

/**
 * Reads a token. Its `iss` only selects one of the configured issuers, and the signature covers the same `iss`.
 *
 * @param find - finds the issuer for the claims. Defaults to that of an access token
 * @returns `undefined` if the token is no JWT, or comes from no configured issuer
 */
export function readToken(
  token: string,
  issuers: Issuers,
  find: (claims: TokenClaims) => Issuer | undefined = (claims) => issuers.findIssuer(claims),
): SignedToken | undefined {
  try {
    const header = decodeProtectedHeader(token);
    const claims = decodeJwt(token);
    const issuer = find(claims);
    return issuer && { token, header, claims, issuer };
  } catch {
    return undefined;
  }
}

/** Whether a key has signed a JWS whose header is as it has to be. */
export type SignatureCheck = (jws: Jws, key: KeyObject) => Promise<boolean>;

/**
 * Verifies a JWS with the issuer's own keys. No key that the header brings is used, and no URL in it is fetched.
 *
 * @param hasSigned - called with each key that fits the header, until one has signed it
 * @returns the key that has signed it, or why it is not taken
 * @throws {@link IssuerUnusableError} if the issuer's keys cannot be fetched
 */
export async function verifyJws(
  jws: Jws,
  kind: TokenKind,
  issuer: Issuer,
  hasSigned: SignatureCheck = checkSignature,
): Promise<{ readonly key: KeyObject } | SignatureProblem> {
  const found = findHeaderProblem(jws, kind, issuer.identifier);
  if (found) return found;
  const { alg, kid } = jws.header as { alg: string; kid: string | undefined };
  const search = await issuer.keys.find({ alg, kid }, async ({ key }) => await hasSigned(jws, key));
  if (search.key) return { key: search.key.key };
  const problem = search.tried === 0 ? 'is signed with an unknown key' : 'has a wrong signature';
  return { problem, refusal: describeUnknownKey({ alg, kid }, search, issuer) };
}

/** Checks a signature of any algorithm that is accepted here. */
export const checkSignature: SignatureCheck = async ({ token, header: { alg } }, key) => {
  return await compactVerify(token, key, { algorithms: [alg as string] }).then(
    () => true,
    () => false,
  );
};

function findHeaderProblem({ token, header }: Jws, kind: TokenKind, issuer: string): SignatureProblem | undefined {
  const refuse = (problem: string, detail: string, fix = NO_OPTION) => ({ problem, refusal: { detail, fix } });
  if (isTooDeep(header)) return refuse('has a header that is nested too deeply', 'its header is too deep');
  const { alg, kid, typ, cty } = header;
  const { name, types, acceptMissingType, algorithms, mayNameKeys = false } = kind;
  if (!token.split('.').every(isCanonical))
    return refuse('is not in base64url', 'a part of it is encoded in another way');
  const isTyped = typ === undefined ? acceptMissingType : typeof typ === 'string' && types.has(normalizeType(typ));
  if (!isTyped) return refuse(`is not ${name}`, compareValues('its typ', typ, [...types]), adviseOnType(typ, issuer));
  if (typeof cty === 'string' && normalizeType(cty) === 'jwt')
    return refuse('is a JWT in a JWT', `its cty is ${tellValue(cty)}`);
  if ('crit' in header) return refuse('has critical header parameters', `its crit is ${tellValue(header.crit)}`);
  const brought = KEY_PARAMETERS.filter((parameter) => parameter in header);
  if (!mayNameKeys && brought.length > 0)
    return refuse('brings a key of its own', `its header has ${brought.join(' and ')}`);
  if (typeof alg !== 'string' || !algorithms.includes(alg))
    return refuse(
      'is signed with an algorithm that is not accepted',
      compareValues('its alg', alg, algorithms),
      `If ${issuer} signs its access tokens so, name that in \`algorithms\` of the issuer. Symmetric algorithms (HS256) and "none" are never accepted: choose another one there.`,
    );
  if (kid !== undefined && typeof kid !== 'string')
    return refuse('has a key id that is not a string', compareValues('its kid', kid, 'a text'));
  return undefined;
}

/** Where no option and no setting of a provider is known to help. */
const NO_OPTION = 'No option accepts that. Find out what makes such tokens: it is not the issuer as it should be.';

function adviseOnType(typ: unknown, issuer: string): string {
  return typ === undefined
    ? `If the access tokens of ${issuer} have no \`typ\` (Spring Authorization Server), set \`acceptMissingType\` of the issuer. Otherwise the client has sent another token than its access token.`
    : `If the access tokens of ${issuer} have this \`typ\`, name it in \`types\` of the issuer. Otherwise the client has sent another token than its access token, such as an ID token.`;
}

/** RFC 4648 section 3.5: only one encoding of the same bytes is canonical. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose';
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
  /** What came and what was wanted, for operators only. */
  readonly detail?: string;
}

/** Characters of a key id in the log. */
const MAX_LENGTH = 200;

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

/** Why a token was not read, for whoever sent it. */
export const UNREAD = 'The token is not a JWT of an issuer that is trusted here';

/** Why a token was not read, for operators: they see which issuer it names. The name is not verified. */
export function describeUnread(token: string, issuers: Issuers): string {
  try {
    const { iss } = decodeJwt(token);
    const trusted = issuers.all.map(({ options }) => options.tokenIssuer);
    const named = issuers.all.find(({ publishedTokenIssuer }) => iss !== undefined && publishedTokenIssuer === iss);
    const remedy = named
      ? `. The metadata of ${named.identifier} names it as access_token_issuer: set \`tokenIssuer\` of that issuer`
      : '';
    return `${UNREAD}: ${compareValues('its iss', iss, trusted)}${remedy}`;
  } catch {
    return UNREAD;
  }
}

/**
 * Verifies a JWS with the issuer's own keys. No key that the header brings is used, and no URL in it is fetched.
 *
 * @returns the key that has signed it, or why it is not taken
 * @throws {@link IssuerUnusableError} if the issuer's keys cannot be fetched
 */
export async function verifyJws(
  { token, header }: Jws,
  kind: TokenKind,
  issuer: Issuer,
): Promise<{ readonly key: VerificationKey['key'] } | SignatureProblem> {
  const found = findHeaderProblem({ token, header }, kind);
  if (found) return found;
  const { alg, kid } = header as { alg: string; kid: string | undefined };
  const search = await issuer.keys.find({ alg, kid }, async ({ key }) => {
    return await compactVerify(token, key, { algorithms: [alg] }).then(
      () => true,
      () => false,
    );
  });
  if (search.key) return { key: search.key.key };
  const { tried, kids } = search;
  if (tried === 0) return { problem: 'is signed with an unknown key', detail: compareValues('its kid', kid, kids) };
  const which = `${tried} ${tried === 1 ? 'key' : 'keys'} of ${issuer.identifier}`;
  const said = kid === undefined ? 'it names no kid' : `its kid is "${kid.slice(0, MAX_LENGTH)}"`;
  return { problem: 'has a wrong signature', detail: `${said}, and ${which} fit its header, but none has signed it` };
}

function findHeaderProblem({ token, header }: Jws, kind: TokenKind): SignatureProblem | undefined {
  if (isTooDeep(header)) return { problem: 'has a header that is nested too deeply' };
  const { alg, kid, typ, cty } = header;
  const { name, types, acceptMissingType, algorithms, mayNameKeys = false } = kind;
  if (!token.split('.').every(isCanonical)) return { problem: 'is not in base64url' };
  const isTyped = typ === undefined ? acceptMissingType : typeof typ === 'string' && types.has(normalizeType(typ));
  if (!isTyped) return { problem: `is not ${name}`, detail: compareValues('its typ', typ, [...types]) };
  if (typeof cty === 'string' && normalizeType(cty) === 'jwt') return { problem: 'is a JWT in a JWT' };
  if ('crit' in header) return { problem: 'has critical header parameters' };
  if (!mayNameKeys && KEY_PARAMETERS.some((parameter) => parameter in header))
    return { problem: 'brings a key of its own' };
  if (typeof alg !== 'string' || !algorithms.includes(alg))
    return {
      problem: 'is signed with an algorithm that is not accepted',
      detail: compareValues('its alg', alg, algorithms),
    };
  if (kid !== undefined && typeof kid !== 'string') return { problem: 'has a key id that is not a string' };
  return undefined;
}

/** RFC 4648 section 3.5: only one encoding of the same bytes is canonical. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

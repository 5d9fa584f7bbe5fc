import { CLAIMS_OF_USE, type TokenClaims } from '../access/claims.js';
import { normalizeType, type ResolvedIssuer } from '../issuers/resolved-issuer.js';
import { compareValues } from '../../errors/refusal.js';
import { InvalidTokenError } from './invalid-token-error.js';

/** Claims of ID tokens, logout tokens and security events (OpenID Connect Core section 3.3.2.11, RFC 8417). */
const CLAIMS_OF_OTHER_TOKENS = ['at_hash', 'c_hash', 's_hash', 'events'];

/** Claims for the use of a token at Casdoor, ForgeRock and Oracle. Elsewhere these names may mean something else. */
const RARE_USES = ['tokenType', 'tokenName', 'tok_type'];

/** Values that mark an access token, without what separates words. */
const OF_ACCESS_TOKENS = new Set(['bearer', 'dpop', 'access', 'accesstoken', 'at', 'atjwt']);

/** Says of the format alone. */
const NO_USE = new Set(['jwt']);

/** RFC 8693 section 3. */
const TOKEN_TYPE = /^urn:ietf:params:oauth:token-type:/;

/** Values that mark another token. */
const OF_OTHER_TOKENS = new Set(['id', 'idtoken', 'it', 'refresh', 'refreshtoken', 'rt', 'logout', 'logouttoken']);

const SEND_ANOTHER = 'Have the client send its access token, and not an ID token, a refresh token or a logout token.';

/**
 * Refuses ID tokens, refresh tokens and the like, which the issuer has signed, too.
 *
 * @param typ - of the header, if the token is a JWT
 * @throws {@link InvalidTokenError} for a token that is not an access token
 */
export function refuseOtherTokens(claims: TokenClaims, typ: unknown, issuer: ResolvedIssuer): void {
  const refuse = (detail: string, fix = SEND_ANOTHER) => {
    throw new InvalidTokenError('The token is not an access token', { problem: 'token_type', detail, fix });
  };
  const foreign = CLAIMS_OF_OTHER_TOKENS.find((claim) => claims[claim] !== undefined);
  if (foreign !== undefined) refuse(`it has the claim ${foreign}`);
  for (const claim of CLAIMS_OF_USE) {
    const use = claims[claim];
    if (use !== undefined && !isAmong(use, OF_ACCESS_TOKENS) && !isAmong(use, NO_USE))
      refuse(compareValues(`its claim ${claim}`, use, ['Bearer', 'access', 'at+jwt']));
  }
  for (const claim of RARE_USES)
    if (isAmong(claims[claim], OF_OTHER_TOKENS))
      refuse(compareValues(`its claim ${claim}`, claims[claim], ['access_token']));
  if (isRefreshTokenOfUaa(claims)) refuse('its jti ends in "-r", as that of a refresh token of UAA');
  if (claims.nonce !== undefined && !issuer.acceptNonce && !isMarkedAsAccessToken(claims, typ)) {
    refuse(
      'it has a nonce, as ID tokens have, and nothing marks it as an access token: no `typ` at+jwt, no claim for its use, and no scope',
      `If access tokens of the issuer ${issuer.identifier} are so, set its \`acceptNonce\`. ${SEND_ANOTHER}`,
    );
  }
}

/** A refresh token of UAA and XSUAA is a JWT with the audience of its access token. UAA itself knows it by its id alone. */
function isRefreshTokenOfUaa({ jti, cid, rev_sig: signature }: TokenClaims): boolean {
  return typeof jti === 'string' && jti.endsWith('-r') && cid !== undefined && signature !== undefined;
}

/**
 * Whether a token says of itself that it is an access token: by its type (RFC 9068 section 2.1), by a claim, or by
 * scopes, which ID tokens do not have, but for those of UAA. A claim of an ID token then is what its issuer adds.
 */
function isMarkedAsAccessToken(claims: TokenClaims, typ: unknown): boolean {
  if (typeof typ === 'string' && normalizeType(typ) === 'at+jwt') return true;
  if ([...CLAIMS_OF_USE, ...RARE_USES].some((claim) => isAmong(claims[claim], OF_ACCESS_TOKENS))) return true;
  return [claims.scope, claims.scp].some(
    (scopes) => (typeof scopes === 'string' || Array.isArray(scopes)) && scopes.length > 0,
  );
}

function isAmong(use: unknown, uses: ReadonlySet<string>): boolean {
  if (typeof use !== 'string') return false;
  return uses.has(
    use
      .toLowerCase()
      .replace(TOKEN_TYPE, '')
      .replace(/[-_+ ]/g, ''),
  );
}

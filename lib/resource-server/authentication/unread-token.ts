import { decodeJwt } from 'jose';
import { compareValues, type Refusal } from '../../errors/refusal.js';
import type { TokenClaims } from '../access/claims.js';
import type { Issuers } from '../issuers/issuers.js';
import { InvalidTokenError } from './invalid-token-error.js';

const UNREAD = 'The token is not a JWT of an issuer that is trusted here';

/** Parts of an encrypted token (RFC 7516 section 3.1), and of a signed one (RFC 7515 section 3.1). */
const PARTS = { encrypted: 5, signed: 3 };

/** A token that no issuer is asked about. Operators see which issuer it names, and nobody has verified that name. */
export function createUnreadError(token: string, issuers: Issuers): InvalidTokenError {
  return new InvalidTokenError(UNREAD, {
    problem: 'issuer',
    ...(describeIssuer(token, issuers) ?? describeForm(token, issuers)),
  });
}

function describeIssuer(token: string, issuers: Issuers): Refusal | undefined {
  let claims: TokenClaims;
  try {
    claims = decodeJwt(token);
  } catch {
    return undefined;
  }
  const { iss, tid } = claims;
  const ofTenants = issuers.all.filter(({ options }) => options.tokenIssuer === iss && options.tenant !== undefined);
  if (ofTenants.length > 0) {
    const tenants = ofTenants.map(({ options }) => options.tenant ?? '');
    return {
      detail: compareValues('its tid', tid, tenants),
      fix: 'A token of Entra ID has the `tid` of the tenant in its `iss`. Have the client sign users in at that tenant.',
    };
  }
  const named = issuers.all.find(({ publishedTokenIssuer }) => iss !== undefined && publishedTokenIssuer === iss);
  return {
    detail: compareValues(
      'its iss',
      iss,
      issuers.all.map(({ options }) => options.tokenIssuer),
    ),
    fix: named
      ? `The metadata of ${named.identifier} names it as access_token_issuer: set \`tokenIssuer\` of that issuer.`
      : 'If its tokens should be accepted, name it in `issuers`, spelled exactly so: a slash at the end, the host and the port count.',
  };
}

function describeForm(token: string, issuers: Issuers): Refusal {
  const parts = token.split('.').length;
  if (parts === PARTS.encrypted)
    return {
      detail: 'it has five parts, as encrypted tokens have',
      fix: 'Have the issuer sign access tokens for this server, and not encrypt them.',
    };
  const introspecting = issuers.all.filter(({ options }) => options.introspection);
  const detail = `it is opaque or damaged (${token.length} characters, ${parts} parts, and a JWT has ${PARTS.signed})`;
  if (introspecting.length === 0)
    return {
      detail: `${detail}, and no issuer has \`introspection\``,
      fix: 'If an issuer gives out opaque tokens, set its `introspection`, or have it issue JWTs for this server (with Auth0, clients have to name the audience).',
    };
  const names = introspecting.map(({ identifier }) => identifier).join(', ');
  return {
    detail: `${detail}, and it is of no issuer that introspects, or could be of several (${names})`,
    fix: 'Have `tokens` in the `introspection` of each issuer match its own tokens alone, from their first character on.',
  };
}

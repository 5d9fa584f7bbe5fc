import { AccessToken, type Caller } from './caller.js';
import { InvalidTokenError } from './invalid-token-error.js';

/**
 * Makes a caller of the claims of a verified token.
 *
 * @throws {@link InvalidTokenError} if a claim that RFC 9068 section 2.2 requires is missing or of another type, or the
 * token is sender-constrained
 */
export function callerOf(claims: Readonly<Record<string, unknown>>, token: string): Caller {
  const { iss, sub, exp, client_id, azp, cnf } = claims;
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '')
    throw new InvalidTokenError('The token has no subject');
  // RFC 9449 section 7.1 and RFC 8705 section 3: without its proof, whoever sends it may have stolen it.
  if (cnf !== undefined) throw new InvalidTokenError('The token is bound to a key, and there is no proof of it');
  if (typeof exp !== 'number') throw new InvalidTokenError('The token has no expiry');
  const clientId = [client_id, azp].find((value) => typeof value === 'string');
  return {
    issuer: iss,
    subject: sub,
    clientId,
    scopes: scopesOf(claims),
    claims,
    expiresAt: exp,
    token: new AccessToken(token),
  };
}

/** `scope` (RFC 8693 section 4.2), or `scp` as Entra ID and Okta have it; either as a string or as an array. */
export function scopesOf({ scope, scp }: Readonly<Record<string, unknown>>): readonly string[] {
  const value = scope ?? scp;
  if (typeof value === 'string') return value.split(' ').filter((part) => part !== '');
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];
}

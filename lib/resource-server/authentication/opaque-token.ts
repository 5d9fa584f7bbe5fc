import { isJsonObject } from '../../json/json-object.js';

/** `b64token` (RFC 6750 section 2.1). */
const TOKEN = /^[\w.~+/-]+=*$/;

/** Members that only a JOSE header, or the claims of a JWT, have (RFC 7515 section 4, RFC 7516 section 4). */
const MEMBERS_OF_JOSE = ['alg', 'enc', 'iss'];

/**
 * Whether a token says nothing about itself, so that only its issuer can tell whose it is. JWTs and JWEs are not opaque,
 * whatever stands before or after them. Neither is what is no token at all, such as two of them in one header.
 */
export function isOpaque(token: string): boolean {
  return TOKEN.test(token) && !token.split(/[.~]/).some(isOfJose);
}

function isOfJose(part: string): boolean {
  const text = Buffer.from(part, 'base64url').toString('utf8').trim();
  if (!text.startsWith('{')) return false;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) && MEMBERS_OF_JOSE.some((member) => member in value);
  } catch {
    return false;
  }
}

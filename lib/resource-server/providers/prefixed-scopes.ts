import type { TokenClaims } from '../access/claims.js';

/**
 * Reads scopes of a claim whose tokens have them with a prefix. Scopes without it are taken as they are.
 *
 * @param claim - whose value is a text or a list
 */
export function withoutPrefix(claim: string, prefix: string): (claims: TokenClaims) => readonly string[] | undefined {
  return (claims) => {
    const value = claims[claim];
    const scopes: unknown = typeof value === 'string' ? value.split(' ') : value;
    if (scopes === undefined || scopes === null) return undefined;
    if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string'))
      throw new TypeError(`${claim} is neither a text nor a list of texts`);
    const named = scopes.filter((scope) => scope !== '');
    return named.map((scope) => (prefix !== '' && scope.startsWith(prefix) ? scope.slice(prefix.length) : scope));
  };
}

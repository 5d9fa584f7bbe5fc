import type { ClaimSource } from '../issuers/issuer-options.js';
import type { TokenClaims } from '../access/claims.js';

/** Reads the value of a claim source: a function, the name of a claim, or a path with dots. */
export function readClaim(claims: TokenClaims, source: ClaimSource<unknown>): unknown {
  if (typeof source === 'function') return source(claims);
  if (Object.hasOwn(claims, source)) return claims[source];
  let value: unknown = claims;
  for (const part of source.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as TokenClaims)[part];
  }
  return value;
}

import type { KeyObject } from 'node:crypto';
import { InvalidTokenError } from './invalid-token-error.js';
import { verifyJws, type SignedToken } from './signed-token.js';

/**
 * Finds the key that has signed an access token.
 *
 * @throws {@link InvalidTokenError} if the header is not that of an access token of the issuer, or no key has signed it
 * @throws {@link IssuerUnusableError} if the issuer's keys cannot be fetched
 */
export async function findAccessTokenKey(signed: SignedToken): Promise<KeyObject> {
  const { algorithms, types, acceptMissingType } = signed.issuer.options;
  const kind = { name: 'an access token', types, acceptMissingType, algorithms, mayNameKeys: true };
  const found = await verifyJws(signed, kind, signed.issuer);
  if ('key' in found) return found.key;
  throw new InvalidTokenError(`The token ${found.problem}`, found.refusal);
}

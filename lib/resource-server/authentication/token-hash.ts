import { hash as digest } from 'node:crypto';
import { AccessToken } from '../access/caller.js';

const known = new WeakMap<AccessToken, string>();

/** @param hash - SHA-256 of the token, which is not made again */
export function toAccessToken(token: string, hash: string): AccessToken {
  const wrapped = new AccessToken(token);
  known.set(wrapped, hash);
  return wrapped;
}

/** SHA-256 of a token in base64url. That of an {@link AccessToken} is made once. */
export function hashToken(token: string | AccessToken): string {
  if (typeof token === 'string') return digest('sha256', token, 'base64url');
  let hash = known.get(token);
  if (hash === undefined) {
    hash = hashToken(token.reveal());
    known.set(token, hash);
  }
  return hash;
}

import { createHash } from 'node:crypto';
import type { AccessToken } from '../access/caller.js';

const known = new WeakMap<AccessToken, string>();

/** SHA-256 of a token in base64url. That of an {@link AccessToken} is made once. */
export function hashToken(token: string | AccessToken): string {
  if (typeof token === 'string') return createHash('sha256').update(token).digest('base64url');
  let hash = known.get(token);
  if (hash === undefined) {
    hash = hashToken(token.reveal());
    known.set(token, hash);
  }
  return hash;
}

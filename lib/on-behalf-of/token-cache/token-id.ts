import { deriveKey } from '../../replicas/composite-key.js';
import type { TokenOwner } from './token-owner.js';
import type { TokenRequest } from './token-request.js';

/** Ids of tokens by their keys. A call asks with one key before its tool runs, and again for each request of the tool. */
const ids = new WeakMap<TokenRequest['key'], { readonly owner: TokenOwner; readonly id: string }>();

/** What a token is kept under. */
export function deriveTokenId(owner: TokenOwner, key: TokenRequest['key']): string {
  const known = ids.get(key);
  if (known?.owner.issuer === owner.issuer && known.owner.subject === owner.subject) return known.id;
  const id = deriveKey('token', owner.issuer, owner.subject, key);
  ids.set(key, { owner, id });
  return id;
}

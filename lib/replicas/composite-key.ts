import { createHash } from 'node:crypto';

/** A member of a composite key. A list is one member, so lists cannot run together. A missing member differs from an empty one. */
export type KeyMember = string | undefined | readonly KeyMember[];

/** What composite keys are for. Keys of different purposes never meet. */
export type KeyPurpose =
  | 'account'
  | 'actor'
  | 'authorization-server'
  | 'browser'
  | 'bus'
  | 'call'
  | 'conversation'
  | 'downstream-caller'
  | 'exchange-party'
  | 'link-request'
  | 'link-step'
  | 'logout-token'
  | 'proof'
  | 'proof-user'
  | 'request-state'
  | 'revocation-mark'
  | 'session'
  | 'subscription'
  | 'task'
  | 'task-owner'
  | 'token'
  | 'token-source'
  | 'unused-request-state';

/**
 * Derives a key from several members: SHA-256 over their JSON array, in base64url. Members that differ have different
 * keys, whatever characters are in them. Every composite key of the package is made here.
 *
 * @param purpose - what the key is for
 * @param members - everything that tells two keys of the purpose apart
 */
export function deriveKey(purpose: KeyPurpose, ...members: readonly KeyMember[]): string {
  // JSON turns a missing member into null, which no other member becomes.
  return createHash('sha256')
    .update(JSON.stringify([purpose, ...members]))
    .digest('base64url');
}

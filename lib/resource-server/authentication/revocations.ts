import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import { isRevoking, readSession, type Revocation } from '../access/revocation.js';

/**
 * What has to be ended.
 *
 * @param isMeant - whether a caller's tokens are revoked
 * @param from - whether this process was told, or another replica
 */
export type RevocationListener = (
  revocation: Revocation,
  isMeant: (caller: Caller) => boolean,
  from: 'here' | 'replica',
) => void;

/** Tells all that one server keeps for callers whose tokens are revoked: caches, open streams, running tasks. */
@Injectable()
export class Revocations {
  readonly #listeners = new Set<RevocationListener>();

  onRevoked(listener: RevocationListener): void {
    this.#listeners.add(listener);
  }

  announce(revocation: Revocation, from: 'here' | 'replica'): void {
    const isMeant = (caller: Caller) => isRevoking(revocation, readSession(caller));
    for (const listener of this.#listeners) listener(revocation, isMeant, from);
  }
}

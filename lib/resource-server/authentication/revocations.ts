import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import { isRevoking, readSession, type Revocation } from '../access/revocation.js';
import { InvalidTokenError } from './invalid-token-error.js';

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

/** What is done for a caller. It ends with the session of the caller. */
export interface HeldSession {
  /** Aborted with an {@link InvalidTokenError} when the tokens of the caller are revoked. */
  readonly signal: AbortSignal;
  /** Called when nothing is done for the caller any more. */
  release(): void;
}

/** Tells all that one server keeps for callers whose tokens are revoked: caches, open streams, running tasks. */
@Injectable()
export class Revocations {
  readonly #listeners = new Set<RevocationListener>();
  readonly #held = new Map<AbortController, Caller>();

  onRevoked(listener: RevocationListener): void {
    this.#listeners.add(listener);
  }

  /** Follows the session of a caller. Without a caller there is none that could end. */
  hold(caller: Caller | undefined): HeldSession {
    const abort = new AbortController();
    if (caller) this.#held.set(abort, caller);
    return { signal: abort.signal, release: () => this.#held.delete(abort) };
  }

  announce(revocation: Revocation, from: 'here' | 'replica'): void {
    const isMeant = (caller: Caller) => isRevoking(revocation, readSession(caller));
    for (const listener of this.#listeners) listener(revocation, isMeant, from);
    for (const [abort, caller] of [...this.#held])
      if (isMeant(caller))
        abort.abort(
          new InvalidTokenError('The session of the user has ended', {
            detail: `${caller.issuer} has reported it, or \`TokenCache.revoke()\` was called`,
            fix: 'Nothing. The client has to sign its user in again.',
          }),
        );
  }
}

import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import { isRevoking, readSession, type Revocation } from '../access/revocation.js';
import { Ending } from '../../time/ending.js';
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
  /** Comes with an {@link InvalidTokenError} when the tokens of the caller are revoked. */
  readonly ending: Ending;
  /** Called when nothing is done for the caller any more. */
  release(): void;
}

/** Tells all that one server keeps for callers whose tokens are revoked: caches, open streams, running tasks. */
@Injectable()
export class Revocations {
  readonly #listeners = new Set<RevocationListener>();
  readonly #held = new Map<Ending, Caller>();

  onRevoked(listener: RevocationListener): void {
    this.#listeners.add(listener);
  }

  /** Follows the session of a caller. Without a caller there is none that could end. */
  hold(caller: Caller | undefined): HeldSession {
    const ending = new Ending();
    if (caller) this.#held.set(ending, caller);
    return { ending, release: () => this.#held.delete(ending) };
  }

  announce(revocation: Revocation, from: 'here' | 'replica'): void {
    const isMeant = (caller: Caller) => isRevoking(revocation, readSession(caller));
    for (const listener of this.#listeners) listener(revocation, isMeant, from);
    for (const [ending, caller] of [...this.#held])
      if (isMeant(caller))
        ending.end(
          new InvalidTokenError('The session of the user has ended', {
            problem: 'session_ended',
            detail: `${caller.issuer} has reported it, or \`TokenCache.revoke()\` was called`,
            fix: 'Nothing. The client has to sign its user in again.',
          }),
        );
  }
}

import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ExpiringCache } from '../../time/expiring-cache.js';
import type { Caller } from '../access/caller.js';

/** A caller as a sign-out identifies it. */
export interface RememberedCaller {
  readonly issuer: string;
  readonly subject: string;
  /** `sid`. */
  readonly sessionId: string | undefined;
}

const MAX_TOKENS = 10_000;

/** Caches the caller of a verified token by the token's hash. An entry never outlives its token. */
@Injectable()
export class VerifiedTokens {
  readonly #callers = new ExpiringCache<Caller>(MAX_TOKENS);

  find(token: string): Caller | undefined {
    return this.#callers.get(hash(token));
  }

  /** @param maxAge - lifetime of the verification, in milliseconds */
  remember(caller: Caller, maxAge: number): void {
    const lifetime = Math.min(maxAge, caller.expiresAtMs - Date.now());
    if (lifetime > 0) this.#callers.set(hash(caller.token.reveal()), caller, lifetime);
  }

  /** Forgets the matching callers. Their tokens are verified again on next use. */
  forget(isMeant: (caller: RememberedCaller) => boolean): void {
    this.#callers.deleteAll(({ issuer, subject, claims: { sid } }) =>
      isMeant({ issuer, subject, sessionId: typeof sid === 'string' ? sid : undefined }),
    );
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

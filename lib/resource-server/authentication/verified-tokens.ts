import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { ExpiringCache } from '../../time/expiring-cache.js';
import type { Caller } from '../access/caller.js';
import { Revocations } from './revocations.js';

const MAX_TOKENS = 10_000;

/** Caches the caller of a verified token by the token's hash. An entry never outlives its token. */
@Injectable()
export class VerifiedTokens {
  readonly #callers = new ExpiringCache<Caller>(MAX_TOKENS);
  #revision = 0;

  constructor(@Inject(Revocations) revocations = new Revocations()) {
    revocations.onRevoked((_revocation, isMeant) => {
      this.#revision += 1;
      this.#callers.deleteAll(isMeant);
    });
  }

  /** Changes with each revocation. */
  get revision(): number {
    return this.#revision;
  }

  find(token: string): Caller | undefined {
    return this.#callers.get(hash(token));
  }

  /**
   * @param maxAge - lifetime of the verification, in milliseconds
   * @param since - the revision before the verification began. What was revoked meanwhile is not remembered
   */
  remember(caller: Caller, maxAge: number, since = this.#revision): void {
    if (since !== this.#revision) return;
    const lifetime = Math.min(maxAge, caller.expiresAtMs - Date.now());
    if (lifetime > 0) this.#callers.set(hash(caller.token.reveal()), caller, lifetime);
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

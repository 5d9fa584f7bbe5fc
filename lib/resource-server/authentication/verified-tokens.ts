import { Inject, Injectable } from '@nestjs/common';
import { CallerLimits } from '../../limits/caller-limits.js';
import { FairCache, measureText } from '../../limits/fair-cache.js';
import { computeEnd, type Caller } from '../access/caller.js';
import { countLookup } from '../../observability/metrics.js';
import { Revocations } from './revocations.js';
import { hashToken } from './token-hash.js';

/** Objects take about so many times the memory of their JSON as a text. */
const SIZE_OF_OBJECTS = 2;

/** Caches the caller of a verified token by the token's hash. An entry never outlives its token. */
@Injectable()
export class VerifiedTokens {
  readonly #callers: FairCache<Caller>;
  #revision = 0;

  constructor(@Inject(CallerLimits) limits: CallerLimits, @Inject(Revocations) revocations = new Revocations()) {
    this.#callers = new FairCache(limits.of('cachedCallers'));
    revocations.onRevoked((_revocation, isMeant) => {
      this.#revision += 1;
      this.#callers.deleteAll(isMeant);
    });
  }

  /** Changes with each revocation. */
  get revision(): number {
    return this.#revision;
  }

  /** @param hash - of the token */
  find(hash: string): Caller | undefined {
    const caller = this.#callers.get(hash);
    countLookup(caller ? 'hit' : 'miss');
    return caller;
  }

  /**
   * @param maxAge - lifetime of the verification, in milliseconds
   * @param since - the revision before the verification began. What was revoked meanwhile is not remembered
   */
  remember(caller: Caller, maxAge: number, since = this.#revision): void {
    if (since !== this.#revision) return;
    const lifetimeMs = Math.min(maxAge, computeEnd(caller) - Date.now());
    if (lifetimeMs <= 0) return;
    const bytes = measureText(caller.token.reveal()) + SIZE_OF_OBJECTS * measureText(JSON.stringify(caller.claims));
    this.#callers.offer(hashToken(caller.token), caller, { holder: caller, lifetimeMs, bytes });
  }
}

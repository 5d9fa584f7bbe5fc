import { Inject, Injectable } from '@nestjs/common';
import { CallerLimits } from '../../limits/caller-limits.js';
import { FairCache, measureText, type Keeping } from '../../limits/fair-cache.js';
import type { AccessToken, Caller } from '../access/caller.js';
import { Stopwatch } from '../../time/stopwatch.js';
import { countLookup } from '../../observability/metrics.js';
import { Revocations } from './revocations.js';
import { hashToken } from './token-hash.js';

/** Objects take about so many times the memory of their JSON as a text. */
const SIZE_OF_OBJECTS = 2;

/** What an issuer last said of a token. */
interface LastAnswer {
  readonly caller: Caller;
  readonly age: Stopwatch;
  /** Milliseconds. */
  readonly maxAge: number;
}

/** Caches the caller of a verified token by the token's hash. An entry never outlives its token. */
@Injectable()
export class VerifiedTokens {
  readonly #callers: FairCache<Caller>;
  /** What issuers last said, for when they cannot be asked. Empty unless an option has it used. */
  readonly #answers: FairCache<LastAnswer>;
  #revision = 0;

  constructor(@Inject(CallerLimits) limits: CallerLimits, @Inject(Revocations) revocations = new Revocations()) {
    const shares = limits.of('cachedCallers');
    this.#callers = new FairCache(shares);
    this.#answers = new FairCache(shares);
    revocations.onRevoked((_revocation, isMeant) => {
      this.#revision += 1;
      this.#callers.deleteAll(isMeant);
      this.#answers.deleteAll(({ caller }) => isMeant(caller));
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
    const keeping = planKeeping(caller, maxAge);
    if (keeping.lifetimeMs > 0) this.#callers.offer(hashToken(caller.token), caller, keeping);
  }

  /**
   * Remembers what the issuer has said of a token, for when it cannot be asked again.
   *
   * @param maxAge - how long it may be used, in milliseconds
   * @param since - as for `remember`
   */
  rememberAnswer(caller: Caller, maxAge: number, since: number): void {
    if (since !== this.#revision) return;
    const keeping = planKeeping(caller, maxAge);
    if (keeping.lifetimeMs > 0)
      this.#answers.offer(hashToken(caller.token), { caller, age: new Stopwatch(), maxAge }, keeping);
  }

  /** The last answer about a token, and the milliseconds for which it may still be used. */
  findAnswer(token: AccessToken): { readonly caller: Caller; readonly msLeft: number } | undefined {
    const answer = this.#answers.get(hashToken(token));
    return answer && { caller: answer.caller, msLeft: answer.maxAge - answer.age.elapsed };
  }

  /** Forgets a token that is not good any more. */
  forget(token: AccessToken): void {
    const id = hashToken(token);
    this.#callers.delete(id);
    this.#answers.delete(id);
  }
}

/** @param maxAge - milliseconds */
function planKeeping(caller: Caller, maxAge: number): Keeping {
  const lifetimeMs = Math.min(maxAge, caller.acceptedUntilMs - Date.now());
  const bytes = measureText(caller.token.reveal()) + SIZE_OF_OBJECTS * measureText(JSON.stringify(caller.claims));
  return { holder: caller, lifetimeMs, bytes };
}

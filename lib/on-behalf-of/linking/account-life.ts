import { computeAge, LIFE_OF_UNKNOWN_AGE, type WrittenLife } from '../../replicas/written-life.js';
import { Stopwatch } from '../../time/stopwatch.js';
import { applyMargins } from '../token-cache/token-lifetime.js';

/** How long the access token of a linked account lasts, by the clocks of this process. */
export class AccountLife {
  readonly #known = new Stopwatch();

  private constructor(
    private readonly replacedAfter: number,
    private readonly usableFor: number,
  ) {}

  /** @param lifetime - of a new token, in milliseconds */
  static begin(lifetime: number): AccountLife {
    const { replacedAfter, usableFor } = applyMargins(lifetime);
    return new AccountLife(replacedAfter, usableFor);
  }

  /**
   * @param isFresh - whether the store says, by its own clock, that the token is not to be replaced; `undefined` if it has
   * no clock
   */
  static read(written: WrittenLife, isFresh: boolean | undefined): AccountLife {
    const age = computeAge(written);
    const { writtenAt, replacedAfter, usableFor } = written;
    if (age !== undefined) return new AccountLife(isFresh === false ? 0 : replacedAfter - age, usableFor - age);
    if (isFresh) return new AccountLife(LIFE_OF_UNKNOWN_AGE, LIFE_OF_UNKNOWN_AGE);
    // Nobody can tell. It is used, and replaced once the API refuses it.
    if (isFresh === undefined && writtenAt > Date.now()) return new AccountLife(replacedAfter, usableFor);
    return new AccountLife(0, 0);
  }

  /** Milliseconds until the token is to be replaced, zero if it is. */
  get msToReplacement(): number {
    return Math.max(0, this.replacedAfter - this.#known.elapsed);
  }

  /** Milliseconds for which the token can still be used, as long as no new one can be had. */
  get msToEnd(): number {
    return Math.max(0, this.usableFor - this.#known.elapsed);
  }

  write(): WrittenLife {
    return { writtenAt: Date.now(), replacedAfter: this.msToReplacement, usableFor: this.msToEnd };
  }
}

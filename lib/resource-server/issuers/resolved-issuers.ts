import { isDeepStrictEqual } from 'node:util';
import QuickLRU from 'quick-lru';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import { describeError } from '../../errors/reason.js';
import { BulkheadFullError, FairBulkhead } from '../../limits/fair-bulkhead.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { ExpiringCache } from '../../time/expiring-cache.js';
import { Stopwatch } from '../../time/stopwatch.js';
import { waitFor } from '../../time/time-limit.js';
import { Issuer } from './issuer.js';
import type { IssuerOptions } from './issuer-options.js';
import { createPatternTest } from './issuer-pattern.js';
import type { ResolvedIssuerResolver } from './issuer-resolver-options.js';
import { createOverdueError, Renewable } from './renewable.js';

/** Milliseconds that the application may take to find an issuer. */
const TIMEOUT = 5_000;

/** Milliseconds for which an issuer serves while the application cannot say whether it still counts. */
const STALE = 60 * 60_000;

/** Most milliseconds for which an issuer that is not accepted is remembered. */
const MAX_AGE_UNKNOWN = 60_000;

/** Questions that run, and that wait. Strangers can make up issuers. */
const QUESTIONS = { maxConcurrent: 20, maxQueued: 100 };

/** Milliseconds between two lines about failures at the level `error`. */
const TELL_AGAIN = 10_000;

/** What the application said of an issuer. */
interface Answer {
  readonly options: IssuerOptions;
  readonly issuer: Issuer;
}

const logger = new CleanLogger('IssuerResolver');

/** Issuers that the application finds for the `iss` of tokens. Both answers are kept, each in bounds of its own. */
export class ResolvedIssuers {
  readonly #known: QuickLRU<string, Renewable<Answer | undefined>>;
  readonly #unknown: ExpiringCache<true>;
  /** Questions about issuers that are not known yet. */
  readonly #asked = new Map<string, Renewable<Answer | undefined>>();
  readonly #bulkhead = new FairBulkhead(QUESTIONS);
  readonly #isWithin: (iss: string) => boolean;
  /** Time since the operator was told of a failure. */
  #told: Stopwatch | undefined;

  constructor(private readonly options: ResolvedIssuerResolver) {
    this.#known = new QuickLRU({ maxSize: options.maxIssuers });
    this.#unknown = new ExpiringCache(options.maxIssuers);
    this.#isWithin = createPatternTest(options.pattern);
  }

  /** Issuers that are known now. */
  get all(): readonly Issuer[] {
    return [...this.#known.values()].flatMap(({ latest }) => latest?.issuer ?? []);
  }

  /** The issuer of access tokens with this `iss`, if it was found before. */
  find(iss: string): Issuer | undefined {
    return this.#known.get(iss)?.latest?.issuer;
  }

  /**
   * Finds an issuer, from what is kept or by a question to the application.
   *
   * @param address - of whoever sent the token. No address fills the queue for the others
   * @throws {@link IssuerUnusableError} if the application cannot say, or too many are asked about
   */
  async resolve(iss: string, address = ''): Promise<void> {
    if (!this.#isWithin(iss) || this.#unknown.get(iss)) return;
    const answer = this.#known.get(iss) ?? this.#asked.get(iss) ?? this.#create(iss, address);
    try {
      const found = await answer.get();
      if (found) this.#known.set(iss, answer);
      else {
        this.#known.delete(iss);
        this.#unknown.set(iss, true, Math.min(this.options.cacheMs, MAX_AGE_UNKNOWN));
      }
    } finally {
      this.#asked.delete(iss);
    }
  }

  #create(iss: string, address: string): Renewable<Answer | undefined> {
    const answer = new Renewable<Answer | undefined>(
      async () => await this.#ask(iss, address, this.#known.get(iss)?.latest),
      { fresh: this.options.cacheMs, stale: this.options.cacheMs + STALE },
      (failure) => failure ?? createOverdueError(iss, 'configuration'),
    );
    this.#asked.set(iss, answer);
    return answer;
  }

  async #ask(iss: string, address: string, before: Answer | undefined): Promise<Answer | undefined> {
    try {
      const options = await this.#bulkhead.execute(address, () =>
        waitFor(Promise.resolve(iss).then(this.options.resolve), TIMEOUT, () => new Error('`resolve` takes too long')),
      );
      if (!options) return undefined;
      // The keys of an issuer that has not changed are kept.
      if (before && isDeepStrictEqual(before.options, options)) return before;
      return { options, issuer: new Issuer(this.options.complete(options, iss)) };
    } catch (error) {
      const isFull = error instanceof BulkheadFullError;
      if (!isFull) this.#tell(`\`issuerResolver.resolve\` failed for ${iss}: ${describeError(error)}`);
      const why = isFull ? 'too many issuers are asked about' : 'it could not be looked up';
      throw new IssuerUnusableError(iss, why);
    }
  }

  /** Anyone can send tokens that are asked about, so there is a line for the operator once in a while. */
  #tell(line: string): void {
    const isNew = !this.#told || this.#told.elapsed > TELL_AGAIN;
    if (isNew) this.#told = new Stopwatch();
    logger[isNew ? 'error' : 'debug'](line);
  }
}

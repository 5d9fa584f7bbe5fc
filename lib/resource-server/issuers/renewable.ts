import { TRIAL_INTERVAL } from '../../limits/adaptive-bulkhead.js';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import { Stopwatch } from '../../time/stopwatch.js';
import { waitFor } from '../../time/time-limit.js';

/** How long a value is good, in milliseconds. */
export interface Lifetime {
  /** Age at which it is reloaded. */
  readonly fresh: number;
  /** Age at which it is no longer used, even if it cannot be reloaded. */
  readonly stale: number;
}

/** Milliseconds of the pause after the second failure in a row. Each further failure doubles it. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = TRIAL_INTERVAL;

/** Milliseconds after which callers stop waiting for a load, and use the previous value. */
const PATIENCE = 1_000;

/**
 * A value that an issuer publishes. It is loaded when first needed, cached, and reloaded when it is no longer fresh.
 * While the issuer is down it is used for a while longer. Callers share a load. One that takes too long is a load of
 * those who wait for it already: later callers are refused, but for one who tries again now and then. So it is after
 * repeated failures, with pauses without requests to the issuer.
 */
export class Renewable<Value> {
  #value: Value | undefined;
  /** Time since the value was loaded. */
  #age: Stopwatch | undefined;
  #isExpired = false;
  #loading: Load<Value> | undefined;
  #failure: Failure | undefined;

  /**
   * @param refuse - called for each caller for whom nothing is loaded; gets the error of the last load, if it failed, and
   *   returns the error to throw
   * @param onFailure - called once for each failed load
   */
  constructor(
    private readonly load: () => Promise<Value>,
    private readonly lifetime: Lifetime,
    private readonly refuse: (failure: unknown) => unknown,
    private readonly onFailure: (error: unknown) => void = () => undefined,
  ) {}

  /** The last value that was loaded, whatever its age. */
  get latest(): Value | undefined {
    return this.#value;
  }

  /** Milliseconds since the value was loaded; infinite without a value. */
  get age(): number {
    return this.#age?.elapsed ?? Number.POSITIVE_INFINITY;
  }

  /** Whether there is a value, and it is no longer fresh. */
  get isStale(): boolean {
    return this.#value !== undefined && (this.#isExpired || this.age > this.lifetime.fresh);
  }

  /** Milliseconds since the last load failed; infinite if it did not. */
  get failureAge(): number {
    return this.#failure?.age.elapsed ?? Number.POSITIVE_INFINITY;
  }

  /** Marks the value as no longer fresh. It is reloaded, and still used if that fails. */
  expire(): void {
    this.#isExpired = true;
  }

  /** Whether a load is running. */
  get isLoading(): boolean {
    return this.#loading !== undefined;
  }

  /** @throws the error of the load, if no usable value is left */
  async get(): Promise<Value> {
    if (this.#value !== undefined && !this.isStale) return this.#value;
    const renewed = this.renew();
    if (this.#value === undefined || this.age > this.lifetime.stale) return await renewed;
    const before = this.#value;
    return await waitFor(renewed, this.#patience, () => new Error('It takes too long')).catch(() => before);
  }

  /**
   * Reloads the value, or joins the load that is running.
   *
   * @throws the error of the load, or that of `refuse`
   */
  async renew(): Promise<Value> {
    const [running, failure] = [this.#loading, this.#failure];
    const isLate = running && running.age.elapsed >= TRIAL_INTERVAL;
    if (running && !isLate && !running.isTrial) return await running.value;
    const isPaused = running ? !isLate : failure && failure.age.elapsed < failure.pause;
    if (isPaused) throw this.refuse(failure?.error);
    const age = new Stopwatch();
    const isTrial = running !== undefined || failure?.wasLate === true;
    const value = this.#renew(age).finally(() => {
      if (this.#loading?.value === value) this.#loading = undefined;
    });
    this.#loading = { value, age, isTrial };
    return await value;
  }

  /** Milliseconds that callers still wait for the running load. An issuer that hangs only delays the first callers. */
  get #patience(): number {
    return PATIENCE - (this.#loading?.age.elapsed ?? 0);
  }

  async #renew(running: Stopwatch): Promise<Value> {
    try {
      const value = await this.load();
      this.#value = value;
      this.#age = new Stopwatch();
      this.#isExpired = false;
      this.#failure = undefined;
      return value;
    } catch (error) {
      const wasLate = running.elapsed >= TRIAL_INTERVAL;
      const isFirst = !this.#failure && !wasLate;
      const pause = isFirst ? 0 : Math.min(Math.max((this.#failure?.pause ?? 0) * 2, FIRST_PAUSE), LONGEST_PAUSE);
      this.#failure = { error, pause, wasLate, age: new Stopwatch() };
      this.onFailure(error);
      throw error;
    }
  }
}

/** The error for callers who are not to wait for an issuer that does not answer. */
export function createOverdueError(issuer: string, what: string): IssuerUnusableError {
  return new IssuerUnusableError(
    issuer,
    `its ${what} did not come within ${TRIAL_INTERVAL} ms. Single requests try again`,
  );
}

/** A load that runs. */
interface Load<Value> {
  readonly value: Promise<Value>;
  readonly age: Stopwatch;
  /** Whether it is one caller who tries, after others had to wait too long. */
  readonly isTrial: boolean;
}

/** The last load, if it failed. */
interface Failure {
  readonly error: unknown;
  /** Milliseconds without a load after it. */
  readonly pause: number;
  /** Whether callers waited long for it. */
  readonly wasLate: boolean;
  readonly age: Stopwatch;
}

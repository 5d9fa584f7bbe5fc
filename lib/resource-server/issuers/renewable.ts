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
const LONGEST_PAUSE = 10_000;

/** Milliseconds after which callers stop waiting for a load, and use the previous value. */
const PATIENCE = 1_000;

/**
 * A value that an issuer publishes. It is loaded when first needed, cached, and reloaded when it is no longer fresh.
 * While the issuer is down it is used for a while longer. One load runs at a time. After repeated failures there are
 * pauses without requests to the issuer.
 */
export class Renewable<Value> {
  #value: Value | undefined;
  /** Time since the value was loaded. */
  #age: Stopwatch | undefined;
  #isExpired = false;
  #loading: { readonly value: Promise<Value>; readonly age: Stopwatch } | undefined;
  #failure: { readonly error: unknown; readonly pause: number; readonly age: Stopwatch } | undefined;

  /** @param onFailure - called once for each failed load */
  constructor(
    private readonly load: () => Promise<Value>,
    private readonly lifetime: Lifetime,
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
   * @throws the error of the load, or of the last one during a pause
   */
  async renew(): Promise<Value> {
    if (!this.#loading) {
      if (this.#failure && this.#failure.age.elapsed < this.#failure.pause) throw this.#failure.error;
      const value = this.#renew().finally(() => (this.#loading = undefined));
      this.#loading = { value, age: new Stopwatch() };
    }
    return await this.#loading.value;
  }

  /** Milliseconds that callers still wait for the running load. An issuer that hangs only delays the first callers. */
  get #patience(): number {
    return PATIENCE - (this.#loading?.age.elapsed ?? 0);
  }

  async #renew(): Promise<Value> {
    try {
      const value = await this.load();
      this.#value = value;
      this.#age = new Stopwatch();
      this.#isExpired = false;
      this.#failure = undefined;
      return value;
    } catch (error) {
      const pause = this.#failure ? Math.min(Math.max(this.#failure.pause * 2, FIRST_PAUSE), LONGEST_PAUSE) : 0;
      this.#failure = { error, pause, age: new Stopwatch() };
      this.onFailure(error);
      throw error;
    }
  }
}

import { Stopwatch } from '../../time/stopwatch.js';
import { waitFor } from '../../time/time-limit.js';

/** How long a value is good, in milliseconds. */
export interface Lifetime {
  /** After which it is loaded anew. */
  readonly fresh: number;
  /** After which it is no longer used, even where it cannot be loaded anew. */
  readonly stale: number;
}

/** Milliseconds in which nobody asks again after the second failure in a row; each further one doubles it. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/** Milliseconds that a load may take before those who have a value from before go on with it. */
const PATIENCE = 1_000;

/**
 * Something that an issuer publishes: loaded when first asked for, kept, loaded anew in time, and used for a while longer
 * where the issuer is down. One load runs at a time, and where one after the other fails there are pauses in which nobody
 * asks the issuer again.
 */
export class Renewable<Value> {
  #value: Value | undefined;
  /** Since it was loaded. */
  #age: Stopwatch | undefined;
  #isExpired = false;
  #loading: { readonly value: Promise<Value>; readonly age: Stopwatch } | undefined;
  #failure: { readonly error: unknown; readonly pause: number; readonly age: Stopwatch } | undefined;

  /** @param onFailure - told of each failed load, once */
  constructor(
    private readonly load: () => Promise<Value>,
    private readonly lifetime: Lifetime,
    private readonly onFailure: (error: unknown) => void = () => undefined,
  ) {}

  /** The value as it was loaded last, however long ago that was. */
  get latest(): Value | undefined {
    return this.#value;
  }

  /** Milliseconds since the value was loaded; infinite where there is none. */
  get age(): number {
    return this.#age?.elapsed ?? Number.POSITIVE_INFINITY;
  }

  /** What is there is no longer fresh: it is loaded anew, and serves on where that fails. */
  expire(): void {
    this.#isExpired = true;
  }

  /** Whether a load is running. */
  get isLoading(): boolean {
    return this.#loading !== undefined;
  }

  /** @throws what the load threw, if there is no value that is still good */
  async get(): Promise<Value> {
    if (this.#value !== undefined && !this.#isExpired && this.age <= this.lifetime.fresh) return this.#value;
    const renewed = this.renew();
    if (this.#value === undefined || this.age > this.lifetime.stale) return await renewed;
    const before = this.#value;
    return await waitFor(renewed, this.#patience, () => new Error('It takes too long')).catch(() => before);
  }

  /** Loads the value anew, or joins whoever does. @throws what the load threw, just now or before the present pause */
  async renew(): Promise<Value> {
    if (!this.#loading) {
      if (this.#failure && this.#failure.age.elapsed < this.#failure.pause) throw this.#failure.error;
      const value = this.#renew().finally(() => (this.#loading = undefined));
      this.#loading = { value, age: new Stopwatch() };
    }
    return await this.#loading.value;
  }

  /** Milliseconds that are left for the load that is running: an issuer that hangs holds up nobody but those who came first. */
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

import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  type CircuitBreakerPolicy,
  type ICircuitBreakerOptions,
  type Policy,
} from 'cockatiel';
import { Stopwatch } from './stopwatch.js';

/** A test of a circuit ended without a word on the other side. */
class InconclusiveError extends Error {}

/**
 * A circuit breaker whose pauses do not depend on the wall clock. A clock that is set back would extend a pause. While it
 * is open, one attempt in each pause tests if it can close. None waits for the outcome of another: it may hang. A test
 * that says nothing, because it was cancelled or not sent, does not close it.
 */
export class Circuit {
  readonly #failures: Policy;
  #policy: CircuitBreakerPolicy;
  /** Time since the circuit opened, or the last test began; `undefined` if the next attempt may test it at once. */
  #pause: Stopwatch | undefined;
  #isBroken = false;

  /**
   * @param failures - the policy that decides what counts as a failure
   * @param options - of cockatiel, with the milliseconds until the first test, and from one test to the next
   * @param onChange - called when the circuit opens, with the last error, and when it closes again
   */
  constructor(
    private readonly failures: Policy,
    private readonly options: ICircuitBreakerOptions & { readonly halfOpenAfter: number },
    private readonly onChange: (state: 'open' | 'closed', error?: unknown) => void,
  ) {
    this.#failures = failures.orType(InconclusiveError);
    this.#policy = this.#make(options);
  }

  /** Whether the circuit is open, or tested. After each pause, the next attempt tests if it can close. */
  get isOpen(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  /** Whether attempts are refused. */
  get isPaused(): boolean {
    return this.isOpen && this.#pause !== undefined && this.#pause.elapsed < this.options.halfOpenAfter;
  }

  /** @throws BrokenCircuitError while the circuit is open, but for one attempt in each pause */
  async execute<Result>(attempt: () => Promise<Result>): Promise<Result> {
    if (!this.isOpen) return await this.#policy.execute(attempt);
    if (this.isPaused) throw new BrokenCircuitError();
    const ownState = { value: CircuitState.Open, openedAt: 0, attemptNo: 1 };
    this.#policy = this.#make({
      ...this.options,
      initialState: { ownState, breakerState: this.options.breaker.state },
    });
    return await this.#test(attempt);
  }

  async #test<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const pause = new Stopwatch();
    this.#pause = pause;
    let inconclusive: { readonly error: unknown } | undefined;
    try {
      return await this.#policy.execute(async () => {
        try {
          return await attempt();
        } catch (error) {
          if (this.failures.options.errorFilter(error as Error)) throw error;
          inconclusive = { error };
          throw new InconclusiveError();
        }
      });
    } catch (error) {
      if (!inconclusive) throw error;
      if (this.#pause === pause) this.#pause = undefined;
      throw inconclusive.error;
    }
  }

  #make(options: ICircuitBreakerOptions): CircuitBreakerPolicy {
    const policy = circuitBreaker(this.#failures, options);
    policy.onBreak((reason) => {
      // A test that fails changes nothing. If a later one went well, it says nothing, either.
      if (this.#isBroken || policy !== this.#policy) return;
      this.#pause = new Stopwatch();
      this.#isBroken = true;
      this.onChange('open', 'error' in reason ? reason.error : undefined);
    });
    policy.onReset(() => {
      this.#policy = policy;
      // Two tests that went well are told once.
      if (this.#isBroken) this.onChange('closed');
      this.#isBroken = false;
    });
    return policy;
  }
}

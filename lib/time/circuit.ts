import {
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
 * A circuit breaker whose pauses do not depend on the wall clock alone. A clock that is set back would extend a pause. A
 * test that says nothing, because it was cancelled or not sent, does not close it.
 */
export class Circuit {
  readonly #failures: Policy;
  #policy: CircuitBreakerPolicy;
  /** Time since the circuit opened; `undefined` if the next attempt may test it at once. */
  #pause: Stopwatch | undefined;
  #isBroken = false;

  /**
   * @param failures - the policy that decides what counts as a failure
   * @param options - of cockatiel, with the pause in milliseconds
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

  /** Whether an attempt is testing if the circuit can close. Other calls of `execute` wait for its outcome. */
  get isTested(): boolean {
    return this.#policy.state === CircuitState.HalfOpen;
  }

  /** Whether the circuit is open. After the pause, the next attempt tests if it can close. */
  get isOpen(): boolean {
    return this.#policy.state === CircuitState.Open;
  }

  /** Whether attempts are refused. */
  get isPaused(): boolean {
    return this.isOpen && this.#pause !== undefined && this.#pause.elapsed < this.options.halfOpenAfter;
  }

  /** @throws BrokenCircuitError while the circuit is open */
  async execute<Result>(attempt: () => Promise<Result>): Promise<Result> {
    if (!this.isOpen || this.isPaused) return await this.#policy.execute(attempt);
    const ownState = { value: CircuitState.Open, openedAt: 0, attemptNo: 1 };
    this.#policy = this.#make({
      ...this.options,
      initialState: { ownState, breakerState: this.options.breaker.state },
    });
    return await this.#test(attempt);
  }

  async #test<Result>(attempt: () => Promise<Result>): Promise<Result> {
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
      this.#pause = undefined;
      throw inconclusive.error;
    }
  }

  #make(options: ICircuitBreakerOptions): CircuitBreakerPolicy {
    const policy = circuitBreaker(this.#failures, options);
    policy.onBreak((reason) => {
      this.#pause = new Stopwatch();
      // A circuit that opens again after a failed test is not reported twice.
      if (!this.#isBroken) this.onChange('open', 'error' in reason ? reason.error : undefined);
      this.#isBroken = true;
    });
    policy.onReset(() => {
      this.#isBroken = false;
      this.onChange('closed');
    });
    return policy;
  }
}

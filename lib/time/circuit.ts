import {
  circuitBreaker,
  CircuitState,
  type CircuitBreakerPolicy,
  type ICircuitBreakerOptions,
  type Policy,
} from 'cockatiel';
import { Stopwatch } from './stopwatch.js';

/**
 * A circuit breaker whose pauses end when they have to, whatever becomes of the clock on the wall: one that is set back
 * would keep it open for as long.
 */
export class Circuit {
  #policy: CircuitBreakerPolicy;
  /** Since it opened. */
  #pause = new Stopwatch();
  #isBroken = false;

  /**
   * @param failures - what counts as one
   * @param options - of cockatiel, with the pause in milliseconds
   * @param onChange - told when the circuit opens, with the last error, or closes again
   */
  constructor(
    private readonly failures: Policy,
    private readonly options: ICircuitBreakerOptions & { readonly halfOpenAfter: number },
    private readonly onChange: (state: 'open' | 'closed', error?: unknown) => void,
  ) {
    this.#policy = this.#make(options);
  }

  /** Whether somebody finds out if the circuit can be closed. Others who execute something wait for what comes of that. */
  get isTested(): boolean {
    return this.#policy.state === CircuitState.HalfOpen;
  }

  /** @throws BrokenCircuitError while the circuit is open */
  async execute<Result>(attempt: () => Promise<Result>): Promise<Result> {
    if (this.#policy.state === CircuitState.Open && this.#pause.elapsed >= this.options.halfOpenAfter) {
      const ownState = { value: CircuitState.Open, openedAt: 0, attemptNo: 1 };
      this.#policy = this.#make({
        ...this.options,
        initialState: { ownState, breakerState: this.options.breaker.state },
      });
    }
    return await this.#policy.execute(attempt);
  }

  #make(options: ICircuitBreakerOptions): CircuitBreakerPolicy {
    const policy = circuitBreaker(this.failures, options);
    policy.onBreak((reason) => {
      this.#pause = new Stopwatch();
      // A pause that follows another is no change.
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

import {
  circuitBreaker,
  CircuitState,
  type CircuitBreakerPolicy,
  type ICircuitBreakerOptions,
  type Policy,
} from 'cockatiel';

/**
 * A circuit breaker whose pauses end when they have to, whatever becomes of the clock on the wall: one that is set back
 * would keep it open for as long.
 */
export class Circuit {
  #policy: CircuitBreakerPolicy;
  #openUntil = 0;

  /**
   * @param failures - what counts as one
   * @param options - of cockatiel, with the pause in milliseconds
   * @param onChange - told when the circuit opens, or closes again
   */
  constructor(
    private readonly failures: Policy,
    private readonly options: ICircuitBreakerOptions & { readonly halfOpenAfter: number },
    private readonly onChange: (state: 'open' | 'closed') => void = () => undefined,
  ) {
    this.#policy = this.#made(options);
  }

  /** @throws BrokenCircuitError while the circuit is open */
  async execute<Result>(attempt: () => Promise<Result>): Promise<Result> {
    if (this.#policy.state === CircuitState.Open && performance.now() >= this.#openUntil) {
      const ownState = { value: CircuitState.Open, openedAt: 0, attemptNo: 1 };
      this.#policy = this.#made({
        ...this.options,
        initialState: { ownState, breakerState: this.options.breaker.state },
      });
    }
    return await this.#policy.execute(attempt);
  }

  #made(options: ICircuitBreakerOptions): CircuitBreakerPolicy {
    const policy = circuitBreaker(this.failures, options);
    policy.onBreak(() => {
      this.#openUntil = performance.now() + this.options.halfOpenAfter;
      this.onChange('open');
    });
    policy.onReset(() => {
      this.onChange('closed');
    });
    return policy;
  }
}

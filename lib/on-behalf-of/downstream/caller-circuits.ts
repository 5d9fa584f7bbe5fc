import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  SamplingBreaker,
  type IBreaker,
  type Policy,
} from 'cockatiel';
import QuickLRU from 'quick-lru';
import { Circuit } from '../../time/circuit.js';
import { Stopwatch } from '../../time/stopwatch.js';
import type { CircuitBreakerOptions } from '../options/downstream-http-options.js';

/** Milliseconds over which failures are counted. */
const SAMPLING = 30_000;

/** Callers whose requests are remembered. The least recent go first. */
const MAX_CALLERS = 1_000;

/** Callers for whom an API has to fail before it is left alone for everyone. */
const MIN_FAILING = 2;

interface CallerRequests {
  total: number;
  failed: number;
  /** How many failed since the last that went well. */
  failedInARow: number;
  readonly age: Stopwatch;
}

/** Counts callers, not requests: those for whom an API fails more often than it may. */
class FailingCallers implements IBreaker {
  /** Cockatiel can keep it elsewhere. This one is not kept. */
  state: unknown;
  readonly #callers = new QuickLRU<string, CallerRequests>({ maxSize: MAX_CALLERS });

  constructor(private readonly limits: Required<CircuitBreakerOptions>) {}

  count(caller: string, hasFailed: boolean): void {
    let requests = this.#callers.get(caller);
    if (!requests || requests.age.elapsed > SAMPLING) {
      requests = { total: 0, failed: 0, failedInARow: 0, age: new Stopwatch() };
      this.#callers.set(caller, requests);
    }
    requests.total += 1;
    if (hasFailed) requests.failed += 1;
    requests.failedInARow = hasFailed ? requests.failedInARow + 1 : 0;
  }

  success(): void {
    // The request is already counted for its caller.
  }

  failure(state: CircuitState): boolean {
    return state !== CircuitState.Closed || this.#isTooMuch();
  }

  #isTooMuch(): boolean {
    const { threshold, minimumRequests } = this.limits;
    // No caller alone brings together the requests that are needed.
    const most = Math.ceil(minimumRequests / MIN_FAILING);
    const recent = [...this.#callers.values()].filter(({ age }) => age.elapsed <= SAMPLING);
    // What went well before an outage does not count for long.
    const failing = recent.filter(
      ({ total, failed, failedInARow }) => failed > threshold * total || failedInARow >= most,
    ).length;
    const requests = recent.reduce((sum, { total }) => sum + Math.min(total, most), 0);
    return failing >= MIN_FAILING && failing > threshold * recent.length && requests >= minimumRequests;
  }
}

/** Opens if too many of the recent requests fail, or so many in a row that those before them do not count. */
class OwnBreaker implements IBreaker {
  /** Cockatiel can keep it elsewhere. This one is not kept. */
  state: unknown;
  readonly #share: SamplingBreaker;
  readonly #row: ConsecutiveBreaker;

  constructor({ threshold, minimumRequests }: Required<CircuitBreakerOptions>) {
    const minimumRps = minimumRequests / (SAMPLING / 1000);
    this.#share = new SamplingBreaker({ threshold, duration: SAMPLING, minimumRps });
    this.#row = new ConsecutiveBreaker(minimumRequests);
  }

  success(state: CircuitState): void {
    this.#share.success(state);
    this.#row.success();
  }

  failure(state: CircuitState): boolean {
    const isTooMany = this.#row.failure();
    return this.#share.failure(state) || isTooMany;
  }
}

/**
 * The circuit breakers of one API: one for each caller, which that caller's failures open, and one for all, which opens
 * if the API fails for several callers.
 */
export class CallerCircuits {
  readonly #failing: FailingCallers;
  readonly #common: Circuit;
  readonly #own = new QuickLRU<string, Circuit>({ maxSize: MAX_CALLERS });
  /** The caller whose request tested the API last, and found that it still fails. */
  #failedTest: { readonly caller: string; readonly age: Stopwatch } | undefined;

  /**
   * @param failures - the policy that decides what counts as a failure
   * @param onChange - called when a circuit opens, for one caller or for all, and when it closes again
   */
  constructor(
    private readonly failures: Policy,
    private readonly limits: Required<CircuitBreakerOptions>,
    private readonly onChange: (state: 'open' | 'closed', who: 'one' | 'all') => void,
  ) {
    this.#failing = new FailingCallers(limits);
    this.#common = new Circuit(failures, { breaker: this.#failing, halfOpenAfter: limits.pauseMs }, (state) => {
      onChange(state, 'all');
    });
  }

  /**
   * @param caller - who the request is for
   * @param hasFailed - whether the outcome of an attempt is a failure
   * @throws BrokenCircuitError while the circuit of the caller, or that of all callers, is open
   */
  async execute<Result>(
    caller: string,
    attempt: () => Promise<Result>,
    hasFailed: (outcome: { readonly result: Result } | { readonly error: unknown }) => boolean,
  ): Promise<Result> {
    this.throwIfOpen(caller);
    const own = this.#getOwn(caller);
    const isTest = this.#common.isOpen;
    const count = (isFailure: boolean) => {
      this.#failing.count(caller, isFailure);
      if (isTest && isFailure) this.#failedTest = { caller, age: new Stopwatch() };
    };
    return await this.#common.execute(() =>
      own.execute(async () => {
        try {
          const result = await attempt();
          count(hasFailed({ result }));
          return result;
        } catch (error) {
          if (hasFailed({ error })) count(true);
          throw error;
        }
      }),
    );
  }

  /**
   * @param caller - who a request is for
   * @throws BrokenCircuitError if it would be refused now. Nobody waits for the outcome of another one's test
   */
  throwIfOpen(caller: string): void {
    const isRefused = [this.#getOwn(caller), this.#common].some(({ isPaused }) => isPaused);
    if (isRefused || (this.#common.isOpen && this.#hasJustTested(caller))) throw new BrokenCircuitError();
  }

  /** The next test is another caller's: it may be only for this one that the API fails. */
  #hasJustTested(caller: string): boolean {
    const { caller: last, age } = this.#failedTest ?? {};
    return last === caller && age !== undefined && age.elapsed < 2 * this.limits.pauseMs;
  }

  #getOwn(caller: string): Circuit {
    let own = this.#own.get(caller);
    if (!own) {
      const breaker = new OwnBreaker(this.limits);
      own = new Circuit(this.failures, { breaker, halfOpenAfter: this.limits.pauseMs }, (state) => {
        this.onChange(state, 'one');
      });
      this.#own.set(caller, own);
    }
    return own;
  }
}

import { waitFor } from '../../time/time-limit.js';
import { ToolError } from './tool-error.js';
import { raceAbort } from './until-aborted.js';

/** The time limit of a call has passed. */
export class CallTimeout extends ToolError {
  constructor(timeout: number) {
    super(`The call took longer than ${timeout / 1000} seconds, which is its limit. Try again later, or ask for less.`);
  }
}

/** The abort signal of a call with a time limit. */
export class TimedSignal {
  readonly signal: AbortSignal;
  readonly #giveUp = new AbortController();
  #release: () => void = () => undefined;

  /**
   * @param outer - signal of the request
   * @param timeout - milliseconds. Defaults to no limit
   */
  constructor(outer: AbortSignal, timeout: number | undefined) {
    this.signal = timeout === undefined ? outer : AbortSignal.any([outer, this.#giveUp.signal]);
    if (timeout === undefined) return;
    const ended = new Promise<void>((resolve) => (this.#release = resolve));
    waitFor(ended, timeout, () => new CallTimeout(timeout)).catch((late: unknown) => {
      this.#giveUp.abort(late);
    });
  }

  /** Waits for a promise until the signal aborts, in case the work ignores the signal. */
  async race<Value>(running: Promise<Value>): Promise<Value> {
    return await raceAbort(running, this.#giveUp.signal);
  }

  /** Called when the call has ended. */
  release(): void {
    this.#release();
  }
}

import { waitFor } from '../../time/time-limit.js';
import { ToolError } from './tool-error.js';
import { raceAbort } from './until-aborted.js';

/** The time of a call is over. */
export class CallTimeout extends ToolError {
  constructor(timeout: number) {
    super(
      `The call took longer than the ${timeout / 1000} seconds that it may take. Try again later, or ask for less.`,
    );
  }
}

/** The signal of a call that is given up after a time. */
export class TimedSignal {
  readonly signal: AbortSignal;
  readonly #giveUp = new AbortController();
  #release: () => void = () => undefined;

  /**
   * @param outer - of the request
   * @param timeout - milliseconds; none without
   */
  constructor(outer: AbortSignal, timeout: number | undefined) {
    this.signal = timeout === undefined ? outer : AbortSignal.any([outer, this.#giveUp.signal]);
    if (timeout === undefined) return;
    const ended = new Promise<void>((resolve) => (this.#release = resolve));
    waitFor(ended, timeout, () => new CallTimeout(timeout)).catch((late: unknown) => {
      this.#giveUp.abort(late);
    });
  }

  /** What does not listen to the signal is waited for no longer than its time. */
  async race<Value>(running: Promise<Value>): Promise<Value> {
    return await raceAbort(running, this.#giveUp.signal);
  }

  /** The call has ended. */
  release(): void {
    this.#release();
  }
}

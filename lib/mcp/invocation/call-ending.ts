import { Ending } from '../../time/ending.js';
import { ToolError } from './tool-error.js';

/** The time limit of a call has passed. */
export class CallTimeout extends ToolError {
  constructor(timeout: number) {
    super(`The call took longer than ${timeout / 1000} seconds, which is its limit. Try again later, or ask for less.`);
  }
}

/** What ends a call before its method does. */
export class CallEnding {
  /** Comes with whatever ends the call. The method may listen to it. */
  readonly over = new Ending();
  /** Comes with what the call does not wait for its method after. */
  readonly #abandoned = new Ending();
  readonly #stopClock: () => void;

  /**
   * @param timeout - milliseconds that the call may take. Defaults to no limit
   * @param client - comes when the client cancels the call, or leaves. The method may still finish its work
   * @param others - for them, the call is given up
   */
  constructor(timeout: number | undefined, client: Ending, ...others: readonly (Ending | undefined)[]) {
    const end = (reason: unknown) => {
      this.over.end(reason);
    };
    this.#abandoned.onEnd(end);
    client.onEnd(end);
    for (const other of others)
      other?.onEnd((reason) => {
        this.#abandoned.end(reason);
      });
    this.#stopClock =
      timeout === undefined ? () => undefined : this.#abandoned.endAfter(timeout, () => new CallTimeout(timeout));
  }

  /** Waits for the method, unless the call is given up. */
  async race<Value>(running: Promise<Value>): Promise<Value> {
    return await this.#abandoned.race(running);
  }

  /** Called when the call has ended. What a task goes on with still hears of its end. */
  release(): void {
    this.#stopClock();
  }
}

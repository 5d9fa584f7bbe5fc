import { ToolError } from './tool-error.js';

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
  readonly #stop: () => void;

  /**
   * @param outer - of the request
   * @param timeout - milliseconds; none without
   */
  constructor(outer: AbortSignal, timeout: number | undefined) {
    if (timeout === undefined) {
      this.signal = outer;
      this.#stop = () => undefined;
      return;
    }
    const controller = new AbortController();
    const follow = () => {
      controller.abort(outer.reason);
    };
    outer.addEventListener('abort', follow, { once: true });
    if (outer.aborted) follow();
    const timer = setTimeout(() => {
      controller.abort(new CallTimeout(timeout));
    }, timeout);
    this.signal = controller.signal;
    this.#stop = () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', follow);
    };
  }

  /** What does not listen to the signal is waited for no longer than its time. */
  async race<Value>(running: Promise<Value>): Promise<Value> {
    const { signal } = this;
    let over: () => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      over = () => {
        if (signal.reason instanceof CallTimeout) reject(signal.reason);
      };
    });
    signal.addEventListener('abort', over, { once: true });
    try {
      return await Promise.race([running, late]);
    } finally {
      signal.removeEventListener('abort', over);
    }
  }

  /** The call has ended. */
  release(): void {
    this.#stop();
  }
}

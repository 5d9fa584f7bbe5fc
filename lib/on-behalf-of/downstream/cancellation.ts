import { EventEmitter } from 'node:events';
import { waitFor } from '../../time/time-limit.js';
import type { RunningCall } from './tool-call.js';

/**
 * Everything that can end a request before its time. In the form of an `AbortSignal` as undici also takes it: real ones cost
 * more than all else that is done for a request.
 */
export class Cancellation extends EventEmitter {
  #over: { readonly reason: unknown } | undefined;
  readonly #release: () => void;

  /**
   * @param call - with which the request ends
   * @param given - signal of whoever makes the request
   */
  constructor({ signal, abandon }: RunningCall, given: AbortSignal | undefined) {
    super();
    // Each attempt, hop and wait listens for a while.
    this.setMaxListeners(0);
    const giveUp = () => {
      this.abort(given?.reason);
    };
    const end = (reason: () => unknown) => {
      this.#release();
      this.abort(reason());
    };
    this.#release = () => {
      abandon.delete(end);
      given?.removeEventListener('abort', giveUp);
    };
    abandon.add(end);
    if (signal.aborted) this.abort(signal.reason);
    if (given?.aborted) giveUp();
    given?.addEventListener('abort', giveUp, { once: true });
  }

  get aborted(): boolean {
    return this.#over !== undefined;
  }

  get reason(): unknown {
    return this.#over?.reason;
  }

  abort(reason: unknown): void {
    if (this.#over) return;
    this.#over = { reason };
    this.emit('abort');
  }

  /** Nothing can end the request any more: it has ended. */
  release(): void {
    this.#release();
  }

  /** @throws the reason, if it is over */
  throwIfAborted(): void {
    if (this.#over) throw this.#over.reason;
  }

  /**
   * Waits for some work, after whose time all is over.
   *
   * @param work - that listens to this
   * @param milliseconds - that it may take
   * @param reason - makes the error
   * @throws that error, and what the work is rejected with
   */
  async limit<Result>(work: Promise<Result>, milliseconds: number, reason: () => Error): Promise<Result> {
    return await waitFor(work, milliseconds, () => {
      const error = reason();
      this.abort(error);
      return error;
    });
  }

  /** @throws the reason, if it is over before */
  async sleep(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
    await this.race(slept).finally(() => {
      clearTimeout(timer);
    });
  }

  /**
   * Waits for something, unless it is all over before.
   *
   * @throws the reason of whatever ended it
   */
  async race<Result>(work: Promise<Result>): Promise<Result> {
    return await new Promise<Result>((resolve, reject) => {
      const end = () => {
        const reason = this.reason as Error;
        reject(reason);
      };
      if (this.aborted) end();
      else this.once('abort', end);
      // What comes too late is heard by nobody.
      work.then(resolve, reject).finally(() => this.off('abort', end));
    });
  }
}

import { EventEmitter } from 'node:events';
import { waitFor } from '../../time/time-limit.js';
import type { RunningCall } from './tool-call.js';

/**
 * Everything that can end a request early, in the form of an `AbortSignal` that undici accepts. Real signals cost more
 * than the rest of a request's processing.
 */
export class Cancellation extends EventEmitter {
  #over: { readonly reason: unknown } | undefined;
  readonly #release: () => void;

  /**
   * @param call - the request ends with it
   * @param given - signal of the sender of the request
   */
  constructor({ ending, abandon }: RunningCall, given: AbortSignal | undefined) {
    super();
    // Each attempt, hop and wait listens for some time.
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
    if (ending.hasEnded) this.abort(ending.reason);
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

  /** The request has ended. Nothing can cancel it any more. */
  release(): void {
    this.#release();
  }

  /** @throws the reason, if the request is cancelled */
  throwIfAborted(): void {
    if (this.#over) throw this.#over.reason;
  }

  /**
   * Waits for some work, and cancels the request after a time-out.
   *
   * @param work - work that listens to this
   * @param milliseconds - time-out
   * @param reason - makes the error for the time-out
   * @throws that error, or what the work is rejected with
   */
  async limit<Result>(work: Promise<Result>, milliseconds: number, reason: () => Error): Promise<Result> {
    return await waitFor(work, milliseconds, () => {
      const error = reason();
      this.abort(error);
      return error;
    });
  }

  /** @throws the reason, if the request is cancelled before */
  async sleep(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
    await this.race(slept).finally(() => {
      clearTimeout(timer);
    });
  }

  /**
   * Waits for some work, unless the request is cancelled before.
   *
   * @throws the reason of the cancellation
   */
  async race<Result>(work: Promise<Result>): Promise<Result> {
    return await new Promise<Result>((resolve, reject) => {
      const end = () => {
        const reason = this.reason as Error;
        reject(reason);
      };
      if (this.aborted) end();
      else this.once('abort', end);
      const settle = <Value>(close: (value: Value) => void) => {
        return (value: Value) => {
          this.off('abort', end);
          close(value);
        };
      };
      // Results after the cancellation are ignored.
      work.then(settle(resolve), settle(reject));
    });
  }
}

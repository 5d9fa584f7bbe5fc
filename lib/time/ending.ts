type Listener = (reason: unknown) => void;

/**
 * Something that may end early, once. It costs a fraction of an `AbortController`, which it makes only for those who ask
 * for a signal.
 */
export class Ending {
  #end: { readonly reason: unknown } | undefined;
  /** Most have one listener, and need no set. */
  #first: Listener | undefined;
  #others: Set<Listener> | undefined;
  #abort: AbortController | undefined;

  /** Follows a signal. */
  static of(signal: AbortSignal): Ending {
    const ending = new Ending();
    const end = () => {
      ending.end(signal.reason);
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return ending;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Why it has ended. */
  get reason(): unknown {
    return this.#end?.reason;
  }

  /** Aborted when it ends. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#end && !this.#abort.signal.aborted) this.#abort.abort(this.#end.reason);
    return this.#abort.signal;
  }

  /** Ends it, unless it has ended. */
  end(reason: unknown): void {
    if (this.#end) return;
    this.#end = { reason };
    this.#abort?.abort(reason);
    const listener = this.#first;
    const others = this.#others;
    this.#first = undefined;
    this.#others = undefined;
    listener?.(reason);
    if (others) for (const one of others) one(reason);
  }

  /**
   * Ends it after a time.
   *
   * @param ms - milliseconds
   * @param createReason - called then
   * @returns a function that stops the clock
   */
  endAfter(ms: number, createReason: () => unknown): () => void {
    const timer = setTimeout(() => {
      this.end(createReason());
    }, ms);
    return () => {
      clearTimeout(timer);
    };
  }

  /**
   * @param listener - called once when it ends; at once if it has
   * @returns a function that forgets the listener
   */
  onEnd(listener: Listener): () => void {
    if (this.#end) {
      listener(this.#end.reason);
      return () => undefined;
    }
    if (!this.#first && !this.#others) {
      this.#first = listener;
      return () => {
        if (this.#first === listener) this.#first = undefined;
      };
    }
    const others = (this.#others ??= new Set());
    others.add(listener);
    return () => {
      others.delete(listener);
    };
  }

  /**
   * Waits for a promise until it ends.
   *
   * @throws the reason of the end, or the rejection of the promise
   */
  race<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const forget = this.onEnd(reject);
      const settle =
        <Outcome>(take: (outcome: Outcome) => void) =>
        (outcome: Outcome) => {
          forget();
          take(outcome);
        };
      promise.then(settle(resolve), settle(reject));
    });
  }
}

/** Waits for a promise, until it ends if it may end early. */
export async function race<Value>(promise: Promise<Value>, ending: Ending | undefined): Promise<Value> {
  return await (ending ? ending.race(promise) : promise);
}

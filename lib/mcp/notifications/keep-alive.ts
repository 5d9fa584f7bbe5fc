/** Milliseconds. Common proxies end an answer that is silent for a minute. */
const INTERVAL = 15_000;

/** How often it is looked in an interval. */
const ROUNDS = 3;

/** What is to be kept alive. */
interface Silent {
  keepAlive(): void;
}

/** Keeps the connections of long calls open, with one timer for all of them. */
export class KeepAlive {
  /** Each call with the round in which it began. */
  readonly #open = new Map<Silent, number>();
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  add(one: Silent): void {
    this.#open.set(one, this.#round);
    this.#timer ??= setInterval(() => {
      this.#keepAll();
    }, INTERVAL / ROUNDS).unref();
  }

  delete(one: Silent): void {
    this.#open.delete(one);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #keepAll(): void {
    this.#round += 1;
    for (const [one, since] of [...this.#open]) if ((this.#round - since) % ROUNDS === 0) one.keepAlive();
  }
}

import { Rounds } from './rounds.js';

/** Milliseconds. Common proxies end an answer that is silent for a minute. */
const INTERVAL = 15_000;

/** How often it is looked in an interval. */
const ROUNDS = 3;

/** What is to be kept alive. */
export interface Silent {
  /** Tells the client, and proxies before it, that the connection is in use. */
  keepAlive(): void;
}

/** Keeps the connections of long answers open, with one timer for all of them. */
export class KeepAlive {
  /** Each answer with the round in which it began. */
  readonly #open = new Map<Silent, number>();
  readonly #rounds = new Rounds<readonly [one: Silent, since: number]>();
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
    const due = [...this.#open].filter(([, since]) => (this.#round - since) % ROUNDS === 0);
    this.#rounds.begin(due, ([one]) => {
      if (this.#open.has(one)) one.keepAlive();
    });
  }
}

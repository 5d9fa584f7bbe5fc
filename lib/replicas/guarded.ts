import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { SharedStoreError } from '../errors/shared-store-error.js';

/** Failures in a row after which nobody asks for a while, and how many milliseconds that is. */
const FAILURES = 3;
const PAUSE = 5_000;

/** Milliseconds for what has to be done. */
const PATIENCE = 2_000;

const logger = new Logger('TokenCache');

/** Something outside this process that may be down, slow or hang, and that is not waited for. */
export class Guarded {
  /** In a row. */
  #failures = 0;
  /** By the clock that nobody sets. */
  #pausedUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param name - in the log
   * @param timeout - milliseconds for one answer
   */
  constructor(
    private readonly name: string,
    private readonly timeout: number,
  ) {}

  /**
   * @param onLate - told of an answer that came when nobody waited any more
   * @returns `undefined` where there is no answer in time, or nobody asks for now
   */
  async attempt<Answer>(
    ask: () => Promise<Answer>,
    onLate: (answer: Answer) => void = () => undefined,
  ): Promise<Answer | undefined> {
    const isOut = this.#failures >= FAILURES;
    if (isOut && performance.now() < this.#pausedUntil) return undefined;
    // One finds out whether it is back. Others do not wait for what comes of that.
    if (isOut) this.#pausedUntil = performance.now() + PAUSE;
    try {
      const answer = await inTime(ask, this.timeout, onLate);
      this.#succeeded();
      return answer;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /**
   * Asks whatever happened before, and waits longer.
   *
   * @throws whatever went wrong
   */
  async insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return await inTime(ask, Math.max(this.timeout, PATIENCE));
  }

  /** From now on nobody asks: a store that was disconnected would connect anew. */
  stop(): void {
    this.#failures = FAILURES;
    this.#pausedUntil = Number.POSITIVE_INFINITY;
  }

  #succeeded(): void {
    if (this.#failures >= FAILURES) logger.log(`${this.name} is usable again`);
    this.#failures = 0;
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    if (this.#failures < FAILURES) return;
    this.#pausedUntil = performance.now() + PAUSE;
    if (this.#failures === FAILURES)
      logger.warn(`${this.name} is not usable and is left out until it is: ${textOf(error)}`);
  }
}

/** What this process could not hear because it was busy is not held against the other side: the time is taken in two. */
async function inTime<Answer>(
  ask: () => Promise<Answer>,
  milliseconds: number,
  onLate: (answer: Answer) => void = () => undefined,
): Promise<Answer> {
  const giveUp = new AbortController();
  let isLate = false;
  const silence = async (): Promise<never> => {
    await sleep(milliseconds / 2, undefined, giveUp);
    await sleep(milliseconds / 2, undefined, giveUp);
    isLate = true;
    throw new SharedStoreError('shared_store_timeout', `no answer in ${milliseconds} ms`);
  };
  const answered = async () => {
    const answer = await ask();
    if (isLate) onLate(answer);
    return answer;
  };
  const answer = answered();
  try {
    return await Promise.race([answer, silence()]);
  } finally {
    giveUp.abort();
    // Nobody listens to what fails too late.
    answer.catch(() => undefined);
  }
}

/** What the other side says must not pass for lines of the log. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : 'it failed';
  return text.slice(0, 200).replace(/\p{Cc}/gu, ' ');
}

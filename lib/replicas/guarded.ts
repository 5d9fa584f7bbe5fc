import { Logger } from '@nestjs/common';
import { ConsecutiveBreaker, handleAll } from 'cockatiel';
import { SharedStoreError } from '../errors/shared-store-error.js';
import { Circuit } from '../time/circuit.js';
import { waitFor } from '../time/time-limit.js';

/** Failures in a row after which nobody asks for a while, and how many milliseconds that is. */
const FAILURES = 3;
const PAUSE = 5_000;

/** Milliseconds for what has to be done. */
const PATIENCE = 2_000;

const HALF_TIME = new Error('Half of the time is over');

const logger = new Logger('TokenCache');

/** Something outside this process that may be down, slow or hang, and that is not waited for. */
export class Guarded {
  readonly #circuit: Circuit;
  #isStopped = false;

  /**
   * @param name - in the log
   * @param timeout - milliseconds for one answer
   */
  constructor(
    name: string,
    private readonly timeout: number,
  ) {
    this.#circuit = new Circuit(
      handleAll,
      { breaker: new ConsecutiveBreaker(FAILURES), halfOpenAfter: PAUSE },
      (state, error) => {
        if (state === 'closed') logger.log(`${name} is usable again`);
        else logger.warn(`${name} is not usable and is left out until it is: ${formatError(error)}`);
      },
    );
  }

  /**
   * @param onLate - told of an answer that came when nobody waited any more
   * @returns `undefined` where there is no answer in time, or nobody asks for now
   */
  async attempt<Answer>(
    ask: () => Promise<Answer>,
    onLate: (answer: Answer) => void = () => undefined,
  ): Promise<Answer | undefined> {
    // One finds out whether it is back. Others do not wait for what comes of that.
    if (this.#isStopped || this.#circuit.isTested) return undefined;
    try {
      return await this.#circuit.execute(() => waitInTime(ask, this.timeout, onLate));
    } catch {
      return undefined;
    }
  }

  /**
   * Asks whatever happened before, and waits longer.
   *
   * @throws whatever went wrong
   */
  async insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return await waitInTime(ask, Math.max(this.timeout, PATIENCE));
  }

  /** From now on nobody asks: a store that was disconnected would connect anew. */
  stop(): void {
    this.#isStopped = true;
  }
}

/** What this process could not hear because it was busy is not held against the other side: the time is taken in two. */
async function waitInTime<Answer>(
  ask: () => Promise<Answer>,
  milliseconds: number,
  onLate: (answer: Answer) => void = () => undefined,
): Promise<Answer> {
  let isLate = false;
  const listen = async () => {
    const answer = await ask();
    if (isLate) onLate(answer);
    return answer;
  };
  const answer = listen();
  try {
    return await waitFor(answer, milliseconds / 2, () => HALF_TIME);
  } catch (error) {
    if (error !== HALF_TIME) throw error;
  }
  return await waitFor(answer, milliseconds / 2, () => {
    isLate = true;
    return new SharedStoreError('shared_store_timeout', `no answer in ${milliseconds} ms`);
  });
}

/** What the other side says must not pass for lines of the log. */
function formatError(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : 'it failed';
  return text.slice(0, 200).replace(/\p{Cc}/gu, ' ');
}

import { ConsecutiveBreaker, handleAll } from 'cockatiel';
import { readMessage, toReadable } from '../errors/reason.js';
import { CleanLogger } from '../log/clean-logger.js';
import { SharedStoreError } from '../errors/shared-store-error.js';
import { Circuit } from '../time/circuit.js';
import { waitFor } from '../time/time-limit.js';

/** Failures in a row that open the circuit, and the milliseconds that it stays open. */
const FAILURES = 3;
const PAUSE = 5_000;

/** Minimum timeout in milliseconds for requests that must be made. */
const PATIENCE = 2_000;

const HALF_TIME = new Error('Half of the time is over');

/** A service outside this process that may be down, slow or hang. Callers do not depend on it. */
export class Guarded {
  readonly #circuit: Circuit;
  #isStopped = false;

  /**
   * @param name - for the log
   * @param context - of the lines in the log
   * @param timeout - milliseconds for one answer
   */
  constructor(
    name: string,
    context: string,
    private readonly timeout: number,
  ) {
    const logger = new CleanLogger(context);
    this.#circuit = new Circuit(
      handleAll,
      { breaker: new ConsecutiveBreaker(FAILURES), halfOpenAfter: PAUSE },
      (state, error) => {
        if (state === 'closed') logger.log(`${name} is usable again`);
        else logger.warn(`${name} is not usable. It is not asked until it is usable again: ${formatError(error)}`);
      },
    );
  }

  /**
   * @param onLate - called with an answer that comes after the timeout
   * @returns `undefined` if there is no answer in time, or requests are paused
   */
  async attempt<Answer>(
    ask: () => Promise<Answer>,
    onLate: (answer: Answer) => void = () => undefined,
  ): Promise<Answer | undefined> {
    if (this.#isStopped) return undefined;
    try {
      return await this.#circuit.execute(() => waitInTime(ask, this.timeout, onLate));
    } catch {
      return undefined;
    }
  }

  /**
   * Sends the request even if others are paused, and waits longer.
   *
   * @throws the error of the request, or of the timeout
   */
  async insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return await waitInTime(ask, Math.max(this.timeout, PATIENCE));
  }

  /** Stops all further attempts: a store that was disconnected would reconnect. */
  stop(): void {
    this.#isStopped = true;
  }
}

/** Waits in two halves. An answer that arrives while this process is busy is still read before the timeout. */
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

function formatError(thrown: unknown): string {
  const error = toReadable(thrown);
  const text = error instanceof Error ? readMessage(error) || error.name : 'it failed';
  return text.slice(0, 200).replace(/\p{Cc}/gu, ' ');
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';
import { McpAuthError } from '../mcp-auth-error.js';

/** Failures in a row after which nobody asks for a while, and how many milliseconds that is. */
const FAILURES = 3;
const PAUSE = 5_000;

/** Milliseconds for what has to be done. */
const PATIENCE = 2_000;

const logger = new Logger('TokenCache');

class SilenceError extends McpAuthError {
  readonly code = 'token_store_timeout';
}

/** Something outside this process that may be down, slow or hang, and that is not waited for. */
export class Guarded {
  readonly #circuit = circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(FAILURES),
    halfOpenAfter: PAUSE,
  });
  #isDown = false;

  /**
   * @param name - in the log
   * @param timeout - milliseconds for one answer
   */
  constructor(
    private readonly name: string,
    private readonly timeout: number,
  ) {
    this.#circuit.onBreak((reason) => {
      if (this.#isDown) return;
      this.#isDown = true;
      logger.warn(`${this.name} is not usable and is left out until it is: ${textOf(reason)}`);
    });
    this.#circuit.onReset(() => {
      this.#isDown = false;
      logger.log(`${this.name} is usable again`);
    });
  }

  /** @returns `undefined` where there is no answer in time, or nobody asks for now */
  async attempt<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await this.#circuit.execute(() => inTime(ask, this.timeout));
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
    return await inTime(ask, Math.max(this.timeout, PATIENCE));
  }
}

/** What this process could not hear because it was busy is not held against the other side: the time is taken in two. */
async function inTime<Answer>(ask: () => Promise<Answer>, milliseconds: number): Promise<Answer> {
  const giveUp = new AbortController();
  const silence = async (): Promise<never> => {
    await sleep(milliseconds / 2, undefined, giveUp);
    await sleep(milliseconds / 2, undefined, giveUp);
    throw new SilenceError(`no answer in ${milliseconds} ms`);
  };
  const answer = ask();
  try {
    return await Promise.race([answer, silence()]);
  } finally {
    giveUp.abort();
    // Nobody listens to what comes too late.
    answer.catch(() => undefined);
  }
}

function textOf(reason: unknown): string {
  const error = (reason as { error?: unknown }).error;
  return (error instanceof Error ? error.message || error.name : 'it failed').slice(0, 200);
}

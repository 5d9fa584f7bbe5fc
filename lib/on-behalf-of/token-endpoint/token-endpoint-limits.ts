import type { AdaptiveLimits, Errand, Outcome } from '../../limits/adaptive-bulkhead.js';
import { BulkheadFullError } from '../../limits/fair-bulkhead.js';
import { ServiceLimits } from '../../limits/service-limits.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';

/** As for APIs. */
const LIMITS = { maxConcurrent: 100, maxQueued: 1_000, maxWaitMs: 5_000, isAdaptive: true };

/** Nine tenths of the time that an answer may take, in milliseconds. */
const PART = 0.9;

/** Limits how many requests run at once at each authorization server, and lowers that while it answers late or not. */
export class TokenEndpointLimits {
  readonly #limits: ServiceLimits;

  /** @param timeoutMs - how long an answer may take */
  constructor(timeoutMs: number) {
    const limits: AdaptiveLimits = { ...LIMITS, longestPatienceMs: PART * timeoutMs };
    this.#limits = new ServiceLimits(limits);
  }

  /**
   * Sends a request when there is room for it.
   *
   * @param server - the authorization server
   * @param isAnswer - whether the outcome shows that the endpoint works
   * @throws TokenEndpointError without a status, if too many run and wait, or nothing is answered
   */
  async execute<Result>(
    server: string,
    errand: Errand,
    request: () => Promise<Result>,
    isAnswer: (outcome: Outcome<Result>) => boolean,
  ): Promise<Result> {
    try {
      return await this.#limits.execute({ service: server, endpoint: 'token' }, errand, request, isAnswer);
    } catch (error) {
      if (!(error instanceof BulkheadFullError)) throw error;
      throw new NotAskedError(server);
    }
  }
}

/** A request that was not sent. It is of no use to try again at once. */
export class NotAskedError extends TokenEndpointError {
  constructor(server: string) {
    super(`${server} was not asked: too many requests run or wait, or it answers nothing at the moment`, {});
  }
}

/** Whether a token endpoint works. A failure is no answer: it may be quick because nobody is there who could be slow. */
export function hasAnswered(outcome: Outcome<unknown>): boolean {
  if ('result' in outcome) return true;
  const { error } = outcome;
  return error instanceof TokenEndpointError && error.failure.status !== undefined && error.failure.status < 500;
}

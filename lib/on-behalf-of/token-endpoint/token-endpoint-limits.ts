import QuickLRU from 'quick-lru';
import { AdaptiveBulkhead, type Errand, type Outcome } from '../../limits/adaptive-bulkhead.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { CleanLogger } from '../../log/clean-logger.js';

const logger = new CleanLogger('TokenEndpoint');

/** As for APIs, and nine tenths of the time that a token may take. */
const LIMITS = {
  maxConcurrent: 100,
  maxQueued: 1_000,
  maxWaitMs: 5_000,
  longestPatienceMs: 9_000,
  isAdaptive: true,
};

/** Authorization servers that are remembered. The least recent go first. */
const MAX_SERVERS = 1_000;

/** Limits how many requests run at once at each authorization server, and lowers that while it answers late or not. */
export class TokenEndpointLimits {
  readonly #bulkheads = new QuickLRU<string, AdaptiveBulkhead>({ maxSize: MAX_SERVERS });

  /**
   * Sends a request when there is room for it.
   *
   * @param server - the authorization server
   * @throws BulkheadFullError if too many run and wait, or nothing is answered
   */
  async execute<Result>(server: string, errand: Errand, request: () => Promise<Result>): Promise<Result> {
    return await this.#getBulkhead(server).execute(errand, request, isAnswer);
  }

  #getBulkhead(server: string): AdaptiveBulkhead {
    let bulkhead = this.#bulkheads.get(server);
    if (!bulkhead) {
      bulkhead = new AdaptiveBulkhead(server, LIMITS, (isSilent) => {
        if (isSilent) logger.warn(`${server} answers nothing at the moment. Single requests try it`);
        else logger.log(`${server} answers again`);
      });
      this.#bulkheads.set(server, bulkhead);
    }
    return bulkhead;
  }
}

/** A failure is no answer: it may be quick because nobody is there who could be slow. */
function isAnswer(outcome: Outcome<unknown>): boolean {
  if ('result' in outcome) return true;
  const { error } = outcome;
  return error instanceof TokenEndpointError && error.failure.status !== undefined && error.failure.status < 500;
}

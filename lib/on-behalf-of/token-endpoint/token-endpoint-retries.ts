import { DelegateBackoff, handleWhen, retry } from 'cockatiel';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { NotAskedError } from './token-endpoint-limits.js';
import { waitFor } from '../../time/time-limit.js';

/** Milliseconds to get a token, in all. */
export const DEADLINE = 10_000;
const SECONDS = DEADLINE / 1000;

const MAX_RETRIES = 2;

/** Milliseconds before the first retry, on average; each further one waits twice as long. */
const FIRST_PAUSE = 200;

/**
 * Sends a request again after a temporary failure, until the deadline. `Retry-After` is honored (RFC 9110 section
 * 10.2.3).
 *
 * @throws TokenEndpointError at the deadline
 * @throws what the last attempt threw
 */
export async function withRetries<Result>(attempt: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const until = performance.now() + DEADLINE;
  const policy = retry(
    handleWhen((error) => isPassing(error) && performance.now() + computePause(error) < until),
    {
      maxAttempts: MAX_RETRIES,
      backoff: new DelegateBackoff(({ attempt: count, result }) => {
        const asked = 'error' in result ? computePause(result.error) : 0;
        return asked + FIRST_PAUSE * 2 ** (count - 1) * (0.5 + Math.random());
      }),
    },
  );
  const giveUp = new AbortController();
  const { signal } = giveUp;
  return await waitFor(
    policy.execute(() => attempt(signal), signal),
    DEADLINE,
    () => {
      giveUp.abort();
      return new TokenEndpointError(`no answer within ${SECONDS} seconds`, { timedOut: true });
    },
  );
}

/**
 * Waits for a prerequisite of a request, no longer than for a token endpoint.
 *
 * @param late - makes the error at the deadline, from words that complete a sentence
 * @throws what `late` makes, or what the promise is rejected with
 */
export async function waitInTime<Result>(promise: Promise<Result>, late: (when: string) => Error): Promise<Result> {
  return await waitFor(promise, DEADLINE, () => late(`did not come within ${SECONDS} seconds`));
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof TokenEndpointError) || error instanceof NotAskedError) return false;
  const { status } = error.failure;
  return status === undefined || status === 408 || status === 429 || status >= 500;
}

/** Milliseconds that the endpoint asked for. */
function computePause(error: unknown): number {
  return error instanceof TokenEndpointError ? (error.failure.retryAfterMs ?? 0) : 0;
}

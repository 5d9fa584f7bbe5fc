import { DelegateBackoff, handleWhen, retry, TaskCancelledError, timeout, TimeoutStrategy, wrap } from 'cockatiel';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';

/** Milliseconds that a token may take in all. */
const DEADLINE = 10_000;
const SECONDS = DEADLINE / 1000;

const MAX_RETRIES = 2;

/** Milliseconds before the first retry, on average; each further one waits twice as long. */
const FIRST_PAUSE = 200;

/**
 * Sends a request again where it failed in a way that passes, as long as the deadline lets it (RFC 9110 section 10.2.3
 * on `Retry-After`).
 *
 * @throws TokenEndpointError at the deadline, whatever it is that takes so long
 * @throws what the last attempt threw
 */
export async function withRetries<Result>(attempt: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const until = performance.now() + DEADLINE;
  const policy = wrap(
    timeout(DEADLINE, TimeoutStrategy.Aggressive),
    retry(
      handleWhen((error) => isPassing(error) && performance.now() + pauseOf(error) < until),
      {
        maxAttempts: MAX_RETRIES,
        backoff: new DelegateBackoff(({ attempt: count, result }) => {
          const asked = 'error' in result ? pauseOf(result.error) : 0;
          return asked + FIRST_PAUSE * 2 ** (count - 1) * (0.5 + Math.random());
        }),
      },
    ),
  );
  try {
    return await policy.execute(({ signal }) => attempt(signal));
  } catch (error) {
    if (!(error instanceof TaskCancelledError)) throw error;
    throw new TokenEndpointError(`no answer within ${SECONDS} seconds`, { timedOut: true });
  }
}

/**
 * Waits for what has to be there before anybody is asked, no longer than for a token endpoint.
 *
 * @param late - makes the error for the deadline, of words that complete a sentence
 * @throws what `late` makes, and what the promise is rejected with
 */
export async function inTime<Result>(promise: Promise<Result>, late: (when: string) => Error): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(late(`did not come within ${SECONDS} seconds`));
    }, DEADLINE);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof TokenEndpointError)) return false;
  const { status } = error.failure;
  return status === undefined || status === 408 || status === 429 || status >= 500;
}

/** Milliseconds that the endpoint asked for. */
function pauseOf(error: unknown): number {
  return error instanceof TokenEndpointError ? (error.failure.retryAfterMs ?? 0) : 0;
}

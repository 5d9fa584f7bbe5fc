import { DelegateBackoff, handleWhen, retry } from 'cockatiel';
import { TokenEndpointError } from './token-endpoint-error.js';

/** Milliseconds that a token may take in all. */
const DEADLINE = 10_000;

const MAX_RETRIES = 2;

/** Milliseconds before the first retry, on average; each further one waits twice as long. */
const FIRST_PAUSE = 200;

/**
 * Sends a request again where it failed in a way that passes, as long as the deadline lets it (RFC 9110 section 10.2.3
 * on `Retry-After`).
 *
 * @throws what the last attempt threw
 */
export async function withRetries<Result>(attempt: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const signal = AbortSignal.timeout(DEADLINE);
  const until = performance.now() + DEADLINE;
  const policy = retry(
    handleWhen((error) => isPassing(error) && !signal.aborted && performance.now() + pauseOf(error) < until),
    {
      maxAttempts: MAX_RETRIES,
      backoff: new DelegateBackoff(({ attempt: count, result }) => {
        const asked = 'error' in result ? pauseOf(result.error) : 0;
        return Math.max(asked, FIRST_PAUSE * 2 ** (count - 1) * (0.5 + Math.random()));
      }),
    },
  );
  return await policy.execute(() => attempt(signal), signal);
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof TokenEndpointError)) return false;
  const { status, error: code, timedOut } = error.failure;
  if (timedOut || code === 'client_not_registered' || code === 'no_token_endpoint') return false;
  return status === undefined || status === 429 || status >= 500;
}

/** Milliseconds that the endpoint asked for. */
function pauseOf(error: unknown): number {
  return error instanceof TokenEndpointError ? (error.failure.retryAfter ?? 0) * 1000 : 0;
}

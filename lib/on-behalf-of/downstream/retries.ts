import type { Cancellation } from './cancellation.js';
import { discard, readRetryAfter, type WireAnswer } from './downstream-answer.js';
import { TemporaryFailureError } from '../../errors/downstream-error.js';
import type { OutgoingRequest } from './outgoing-request.js';

/** Methods that do the same when they are sent again (RFC 9110 section 9.2.2). */
const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];

/** What passes: RFC 6585 section 4, RFC 9110 sections 15.6.3 to 15.6.5. */
const PASSING = [429, 502, 503, 504];

/** Milliseconds before the first retry, on average; each further one waits twice as long. */
const FIRST_PAUSE = 100;

/** How long, and how often. */
export interface RetryLimits {
  readonly retries: number;
  /** Milliseconds of `performance.now()` after which nothing is sent any more. */
  readonly until: number;
  readonly cancellation: Cancellation;
}

/** Whether a request may be sent again. One that has a key of its own says that it may be (draft-ietf-httpapi-idempotency-key-header). */
export function isRepeatable({ method, headers, body }: Pick<OutgoingRequest, 'method' | 'headers' | 'body'>): boolean {
  return body.isReplayable && (IDEMPOTENT.includes(method) || headers.has('idempotency-key'));
}

/**
 * Sends a request again where what came of it passes, and there is time for the pause that the API asks for (`Retry-After`).
 *
 * @param attempt - is told which one it is, from 1
 * @returns the last answer, whatever it is
 * @throws what the last attempt threw
 */
export async function withRetries<Answer extends WireAnswer>(
  attempt: (count: number) => Promise<Answer>,
  { retries, until, cancellation }: RetryLimits,
): Promise<Answer> {
  for (let count = 1; ; count += 1) {
    const outcome = await settle(attempt(count));
    const pause = count > retries ? undefined : computePause(outcome, count);
    if (pause === undefined || performance.now() + pause >= until) {
      if ('error' in outcome) throw outcome.error;
      return outcome;
    }
    if (!('error' in outcome)) discard(outcome);
    await cancellation.sleep(pause);
  }
}

type Outcome<Answer> = Answer | { readonly error: unknown };

async function settle<Answer>(attempt: Promise<Answer>): Promise<Outcome<Answer>> {
  try {
    return await attempt;
  } catch (error) {
    return { error };
  }
}

/** Milliseconds; `undefined` for what does not pass. No more than half of it is chance, so that callers do not come all at once. */
function computePause(outcome: Outcome<WireAnswer>, count: number): number | undefined {
  const backoff = FIRST_PAUSE * 2 ** (count - 1) * (0.5 + Math.random());
  if ('error' in outcome) {
    const { error } = outcome;
    return error instanceof TemporaryFailureError && error.code === 'downstream_unreachable' ? backoff : undefined;
  }
  if (!PASSING.includes(outcome.status)) return undefined;
  return backoff + (readRetryAfter(outcome) ?? 0);
}

import { toReadable } from '../../errors/reason.js';
import type { Cancellation } from './cancellation.js';
import { discard, readRetryAfter, type WireAnswer } from './downstream-answer.js';
import { TemporaryFailureError } from '../../errors/downstream-error.js';
import type { OutgoingRequest } from './outgoing-request.js';

/** Idempotent methods (RFC 9110 section 9.2.2). */
const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];

/** Temporary statuses: RFC 6585 section 4, RFC 9110 sections 15.6.3 to 15.6.5. */
const PASSING = [429, 502, 503, 504];

/** Milliseconds before the first retry, on average; each further one waits twice as long. */
const FIRST_PAUSE = 100;

/** Limits of the retries. */
export interface RetryLimits {
  readonly retries: number;
  /** Milliseconds of `performance.now()` after which no attempt starts. */
  readonly until: number;
  readonly cancellation: Cancellation;
}

/** Whether a request may be sent again. An idempotency key allows that (draft-ietf-httpapi-idempotency-key-header). */
export function isRepeatable({ method, headers, body }: Pick<OutgoingRequest, 'method' | 'headers' | 'body'>): boolean {
  return body.isReplayable && (IDEMPOTENT.includes(method) || headers.has('idempotency-key'));
}

/**
 * Sends a request again after a temporary failure, if there is time for the pause that the API asks for
 * (`Retry-After`).
 *
 * @param attempt - gets its number, from 1
 * @returns the last answer, whatever its status
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
    return { error: toReadable(error) };
  }
}

/**
 * Milliseconds; `undefined` for failures that are not temporary. The backoff is partly random, so that callers spread
 * out.
 */
function computePause(outcome: Outcome<WireAnswer>, count: number): number | undefined {
  const backoff = FIRST_PAUSE * 2 ** (count - 1) * (0.5 + Math.random());
  if ('error' in outcome) {
    const { error } = outcome;
    return error instanceof TemporaryFailureError && error.code === 'downstream_unreachable' ? backoff : undefined;
  }
  if (!PASSING.includes(outcome.status)) return undefined;
  return backoff + (readRetryAfter(outcome) ?? 0);
}

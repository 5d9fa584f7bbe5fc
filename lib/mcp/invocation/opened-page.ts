import { setTimeout as sleep } from 'node:timers/promises';
import { CallerActionError, type DownstreamError } from '../../errors/downstream-error.js';
import type { PageAnswer } from './elicited-page.js';

/**
 * Milliseconds for which a call waits for the user on a page. It is less than the timeout of most clients, a minute.
 */
const PATIENCE = 30_000;

/**
 * Milliseconds between two checks whether the user is done. Each pause is 1.5 times the one before, up to the longest.
 */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5_000;

/** Whether the client has already answered for the page of a failure. Such a page is not requested again. */
export function isAnswered(failure: unknown, answer: PageAnswer | undefined): boolean {
  if (!answer || !hasPage(failure)) return false;
  return answer.downstream === undefined || answer.downstream === failure.downstream;
}

/**
 * Waits until the user is done on a page. Clients return as soon as the page is open (MCP, URL mode elicitation).
 *
 * @param failure - what the page is for
 * @param look - finds what is still missing
 * @returns what is still missing
 * @throws the reason of the signal
 */
export async function waitForPage(
  failure: DownstreamError,
  look: () => Promise<DownstreamError | undefined>,
  signal: AbortSignal,
): Promise<DownstreamError | undefined> {
  const until = performance.now() + PATIENCE;
  let missing: DownstreamError | undefined = failure;
  let pause = FIRST_PAUSE;
  while (hasPage(missing) && missing.downstream === failure.downstream && performance.now() < until) {
    await sleep(pause, undefined, { signal });
    pause = Math.min(pause * 1.5, LONGEST_PAUSE);
    missing = await look();
  }
  return missing;
}

function hasPage(failure: unknown): failure is CallerActionError {
  return failure instanceof CallerActionError && failure.remedy !== undefined && 'page' in failure.remedy;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { CallerActionError, type DownstreamError } from '../../errors/downstream-error.js';
import type { PageAnswer } from './elicited-page.js';

/** Milliseconds that a user has on a page while the call waits: less than clients wait, most of which do for a minute. */
const PATIENCE = 30_000;

/** Milliseconds between two looks at whether the user is done; each takes half as long again, up to the longest. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5_000;

/** Whether the client has answered for the page that a failure would ask for, so that it is not asked for once more. */
export function isAnswered(failure: unknown, answer: PageAnswer | undefined): boolean {
  if (!answer || !hasPage(failure)) return false;
  return answer.downstream === undefined || answer.downstream === failure.downstream;
}

/**
 * Waits for what the user does on a page: clients come back as soon as it is open (MCP, URL mode elicitation).
 *
 * @param failure - what the page is for
 * @param look - finds out what is missing now
 * @returns what is missing still
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

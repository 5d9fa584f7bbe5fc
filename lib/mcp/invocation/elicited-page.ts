import { randomUUID } from 'node:crypto';
import { inputRequired, UrlElicitationRequiredError, type InputRequiredResult } from '@modelcontextprotocol/server';

/** Names the request among the answers that a client comes back with. */
const PAGE_REQUEST = 'page';

/** A page that the user has to open before the call can be made again. */
export interface ElicitedPage {
  readonly url: string;
  readonly message: string;
}

/** What the user said to the page that the call was answered with before. */
export interface PageAnswer {
  /** Whether it was opened. What is done there goes on after that. */
  readonly isOpen: boolean;
  /** What the page was for; a client that does not say has answered for all. */
  readonly downstream: string | undefined;
}

/**
 * Asks the client to open a page (MCP, URL mode elicitation).
 *
 * @param requestState - which clients of the era 2026-07-28 bring back
 * @throws UrlElicitationRequiredError for clients of the revisions before 2026-07-28, which take it as an error
 */
export function elicitPage(page: ElicitedPage, era: 'modern' | 'legacy', requestState: string): InputRequiredResult {
  if (era === 'legacy') throw new UrlElicitationRequiredError([{ mode: 'url', elicitationId: randomUUID(), ...page }]);
  return inputRequired({
    inputRequests: { [PAGE_REQUEST]: inputRequired.elicitUrl(page) },
    requestState,
  });
}

/** Reads what a client came back with; `undefined` where it was asked for no page. */
export function readPageAnswer(
  inputResponses: Readonly<Record<string, unknown>> | undefined,
  downstream: string | undefined,
): PageAnswer | undefined {
  const answer = inputResponses?.[PAGE_REQUEST] as { action?: unknown } | undefined;
  return answer && { isOpen: answer.action === 'accept', downstream };
}

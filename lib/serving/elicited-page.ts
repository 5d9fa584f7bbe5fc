import { randomUUID } from 'node:crypto';
import { inputRequired, UrlElicitationRequiredError, type InputRequiredResult } from '@modelcontextprotocol/server';

/** Names the request among the answers that a client comes back with. */
export const PAGE_REQUEST = 'page';

/** A page that the user has to open before the call can be made again. */
export interface ElicitedPage {
  readonly url: string;
  readonly message: string;
}

/**
 * Asks the client to open a page (MCP, URL mode elicitation).
 *
 * @throws UrlElicitationRequiredError for clients of the revisions before 2026-07-28, which take it as an error
 */
export function elicitPage(page: ElicitedPage, era: 'modern' | 'legacy'): InputRequiredResult {
  if (era === 'legacy') throw new UrlElicitationRequiredError([{ mode: 'url', elicitationId: randomUUID(), ...page }]);
  return inputRequired({ inputRequests: { [PAGE_REQUEST]: inputRequired.elicitUrl(page) } });
}

/** Whether the user has already said no to the page. */
export function isDeclined(inputResponses: Readonly<Record<string, unknown>> | undefined): boolean {
  const answer = inputResponses?.[PAGE_REQUEST] as { action?: unknown } | undefined;
  return answer?.action === 'decline' || answer?.action === 'cancel';
}

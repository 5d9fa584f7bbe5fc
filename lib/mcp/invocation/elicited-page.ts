import { randomUUID } from 'node:crypto';
import { inputRequired, UrlElicitationRequiredError, type InputRequiredResult } from '@modelcontextprotocol/server';

/** Key of the page request among the client's input responses. */
const PAGE_REQUEST = 'page';

/** A page that the user has to open before the call can be repeated. */
export interface ElicitedPage {
  readonly url: string;
  readonly message: string;
}

/** The user's answer to the page that an earlier round asked for. */
export interface PageAnswer {
  /** Whether the user agreed to open the page. The user may still be busy on it. */
  readonly isOpen: boolean;
  /** The downstream that the page was for. Without it, the answer counts for every downstream. */
  readonly downstream: string | undefined;
}

/**
 * Asks the client to open a page (MCP, URL mode elicitation).
 *
 * @param requestState - makes the state that clients of the era 2026-07-28 send back
 * @throws UrlElicitationRequiredError for clients before 2026-07-28, which expect an error
 */
export async function elicitPage(
  page: ElicitedPage,
  era: 'modern' | 'legacy',
  requestState: () => Promise<string>,
): Promise<InputRequiredResult> {
  if (era === 'legacy') throw new UrlElicitationRequiredError([{ mode: 'url', elicitationId: randomUUID(), ...page }]);
  return inputRequired({
    inputRequests: { [PAGE_REQUEST]: inputRequired.elicitUrl(page) },
    requestState: await requestState(),
  });
}

/** Reads the client's answer. Returns `undefined` if the client was not asked to open a page. */
export function readPageAnswer(
  inputResponses: Readonly<Record<string, unknown>> | undefined,
  downstream: string | undefined,
): PageAnswer | undefined {
  const answer = inputResponses?.[PAGE_REQUEST] as { action?: unknown } | undefined;
  return answer && { isOpen: answer.action === 'accept', downstream };
}

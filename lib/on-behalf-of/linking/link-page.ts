/** Texts of a page. None of them comes from a request. The reference is made here, for the log and the audit. */
export interface LinkPage {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

const AGAIN = 'Go back to your assistant and ask it to try again. You then get a new link.';

/** The pages that a user can see, by outcome. */
export const linkPages = {
  linked: (api: string): LinkPage => ({
    status: 200,
    title: 'Account linked',
    text: `Your ${api} account is linked. You can close this window and go on in your assistant.`,
  }),
  expired: (): LinkPage => ({
    status: 404,
    title: 'This link is no longer valid',
    text: `It was used already, or it is older than ten minutes. ${AGAIN}`,
  }),
  anotherBrowser: (): LinkPage => ({
    status: 403,
    title: 'Nothing was linked',
    text: `This was begun in another browser, or a while ago. ${AGAIN}`,
  }),
  anotherUser: (): LinkPage => ({
    status: 403,
    title: 'Nothing was linked',
    text: 'This link is for another user than the one who is signed in here. If you asked for it, sign in as the user that your assistant works for. If somebody sent it to you, tell your security team.',
  }),
  denied: (): LinkPage => ({
    status: 403,
    title: 'Nothing was linked',
    text: `The access was not allowed. ${AGAIN}`,
  }),
  failed: (reference: string): LinkPage => ({
    status: 502,
    title: 'Nothing was linked',
    text: `Something went wrong that is not your fault. ${AGAIN} If that does not help, tell whoever runs this server. ${tellReference(reference)}`,
  }),
  misconfigured: (reference: string): LinkPage => ({ status: 502, ...tellFault(reference) }),
  unidentified: (reference: string): LinkPage => ({ status: 403, ...tellFault(reference) }),
  unavailable: (): LinkPage => ({
    status: 503,
    title: 'Nothing was linked',
    text: `This does not work right now. Wait a little. ${AGAIN}`,
  }),
} as const;

/** Why an account was not linked. */
export type LinkOutcome = Exclude<keyof typeof linkPages, 'linked'>;

function tellFault(reference: string): Omit<LinkPage, 'status'> {
  return {
    title: 'Nothing was linked',
    text: `This server is not set up to link your account, which is not your fault. Tell whoever runs it. ${tellReference(reference)} Go back to your assistant and ask it to try again when that is mended.`,
  };
}

function tellReference(reference: string): string {
  return `Reference for support: ${reference}.`;
}

/** Headers of every page, besides those of all answers: nothing is fetched, framed or disclosed. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
};

/** A page without scripts, forms or links. */
export function toHtml({ title, text }: LinkPage): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title></head>
<body><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></main></body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

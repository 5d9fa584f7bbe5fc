import { alertText, type Form } from './html-form.js';
import { ScriptlessBrowser, type Page } from './scriptless-browser.js';

export interface SignInOptions {
  readonly username: string;
  /** Whether to approve what the client asks for; by default, yes. */
  readonly approve?: boolean;
  /** A browser that may have signed in before; by default a new one. */
  readonly browser?: ScriptlessBrowser;
}

/**
 * Opens an authorization request, signs in and answers the consent page.
 * The result is the URL that takes the authorization response, a code or an error, to the client.
 */
export async function signIn(authorizationUrl: string | URL, options: SignInOptions): Promise<URL> {
  const { username, approve = true, browser = new ScriptlessBrowser() } = options;
  const start = new URL(authorizationUrl);
  let page = await browser.open(start);
  for (let form = page.forms[0]; form; form = page.forms[0]) {
    page = await browser.submit(page, form, answers(form, username, approve));
    if (page.status >= 400) break;
  }
  if (page.url.origin === start.origin) throw new Error(`sign-in of ${username} ended at ${describe(page)}`);
  return page.url;
}

function answers({ fields, buttons }: Form, username: string, approve: boolean): Record<string, string> {
  if (fields.includes('username')) return { username, password: 'any password' };
  const button = buttons.find(({ value }) => value === (approve ? 'approve' : 'deny'));
  return button ? { [button.name]: button.value } : {};
}

function describe({ url, status, html }: Page): string {
  return [`${url.pathname} (${status})`, alertText(html)].filter(Boolean).join(': ');
}

import { CookieJar } from './cookie-jar.js';
import { parseForms, type Form } from './html-form.js';

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  readonly forms: readonly Form[];
}

/** Follows redirects, keeps cookies and submits forms: what a browser without scripts does. */
export class ScriptlessBrowser {
  private readonly cookies = new CookieJar();

  /** A redirect to another origin is not followed: the page is then empty, and has the URL that was not opened. */
  async open(url: URL, init: RequestInit = {}): Promise<Page> {
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: this.cookies.headerFor(url) },
    });
    this.cookies.store(url, response);
    const { status, headers } = response;
    const html = await response.text();
    const location = headers.get('location');
    if (location === null) return { url, status, headers, html, forms: parseForms(html) };

    const next = new URL(location, url);
    return next.origin === url.origin ? this.open(next) : { url: next, status, headers, html: '', forms: [] };
  }

  async submit(page: Page, form: Form, fields: Readonly<Record<string, string>>): Promise<Page> {
    const body = new URLSearchParams({ ...form.hidden, ...fields });
    const action = new URL(form.action, page.url);
    if (form.method === 'post') return this.open(action, { method: 'POST', body });
    action.search = body.toString();
    return this.open(action);
  }
}

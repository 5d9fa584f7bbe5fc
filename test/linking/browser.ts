import { CookieJar } from '../../sample/quickstart/walkthrough/cookie-jar.js';
import { parseForms, type Form } from '../../sample/quickstart/walkthrough/html-form.js';

export interface Visited {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

/** A browser without scripts, and the user in front of it, who signs in and answers what is asked. */
export class Browser {
  readonly cookies = new CookieJar();
  /** Addresses that were opened, in order. */
  readonly trail: URL[] = [];

  /**
   * @param username - who signs in, wherever that is asked
   * @param approves - whether what is asked is allowed
   */
  constructor(
    private readonly username: string,
    private readonly approves = true,
  ) {}

  /**
   * Follows redirects, signs in and consents, until there is nothing left to do.
   *
   * @param stopsAt - an address that is not opened
   */
  async visit(address: string | URL, stopsAt: (url: URL) => boolean = () => false): Promise<Visited> {
    let next: { url: URL; init?: RequestInit } = { url: new URL(address) };
    for (let count = 0; count < 30; count += 1) {
      if (stopsAt(next.url)) return { url: next.url, status: 0, headers: new Headers(), html: '' };
      const page = await this.#open(next.url, next.init);
      const location = page.headers.get('location');
      if (location !== null) {
        next = { url: new URL(location, next.url) };
        continue;
      }
      const [form] = page.status < 400 ? parseForms(page.html) : [];
      if (!form) return page;
      next = this.#submission(page, form);
    }
    throw new Error(`${this.username} goes round in circles: ${this.trail.map(String).join(' ')}`);
  }

  /** One address, and what it answers. */
  async #open(url: URL, init: RequestInit = {}): Promise<Visited> {
    this.trail.push(url);
    const headers = { cookie: this.cookies.headerFor(url) };
    const response = await fetch(url, { ...init, redirect: 'manual', headers });
    this.cookies.store(url, response);
    return { url, status: response.status, headers: response.headers, html: await response.text() };
  }

  #submission({ url }: Visited, { action, hidden, fields, buttons }: Form) {
    const wanted = buttons.find(({ value }) => value === (this.approves ? 'approve' : 'deny'));
    const body = new URLSearchParams({
      ...hidden,
      ...(fields.includes('username') && { username: this.username, password: 'any password' }),
      ...(wanted && { [wanted.name]: wanted.value }),
    });
    return { url: new URL(action, url), init: { method: 'POST', body } };
  }
}

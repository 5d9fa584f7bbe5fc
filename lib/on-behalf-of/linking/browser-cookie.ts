import { randomBytes } from 'node:crypto';
import { deriveKey } from '../../replicas/composite-key.js';
import { REQUEST_LIFETIME } from './link-records.js';

/** Ties a link to the browser that opened it. Answers in another browser fail. */
export class BrowserCookie {
  readonly #name: string;
  readonly #attributes: string;

  /**
   * @param origin - of the server
   * @param requestId - each link has a cookie of its own
   */
  constructor(origin: string, requestId: string) {
    const isSecure = origin.startsWith('https:');
    this.#name = `${isSecure ? '__Host-' : ''}mcp-link-${requestId.slice(0, 12)}`;
    this.#attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  }

  /** @returns the header for the browser, and the hash to remember */
  issue(): { readonly header: string; readonly hash: string } {
    const value = randomBytes(32).toString('base64url');
    const header = `${this.#name}=${value}; Max-Age=${REQUEST_LIFETIME / 1000}; ${this.#attributes}`;
    return { header, hash: computeHash(value) };
  }

  /** Whether these cookies belong to the browser. Two cookies of the same name are refused. */
  isIn(header: string | undefined, hash: string): boolean {
    const values = (header ?? '').split(';').flatMap((cookie) => {
      const [name, value] = cookie.trim().split('=', 2);
      return name === this.#name && value !== undefined ? [value] : [];
    });
    return values.length === 1 && values.every((value) => computeHash(value) === hash);
  }

  /** Header that removes the cookie. */
  get removal(): string {
    return `${this.#name}=; Max-Age=0; ${this.#attributes}`;
  }
}

function computeHash(value: string): string {
  return deriveKey('browser', value);
}

import * as oauth from 'openid-client';
import { ScriptlessBrowser, type Page } from '../../sample/quickstart/walkthrough/scriptless-browser.js';
import { keepSecret } from '../support/secret-watch.js';
import type { Realm } from './realm.js';

/** Where clients are: nobody listens there, because the browser goes no further than the realm. */
export const REDIRECT_URI = 'http://127.0.0.1/callback';

/** What a client asks for. */
export interface TokenRequest {
  readonly clientId?: string;
  readonly scope?: string;
  /** RFC 8707. */
  readonly resource?: string;
  /** The key that the token is to be bound to (RFC 9449). */
  readonly dpop?: oauth.DPoPHandle;
}

/** Somebody with a password and a browser. */
export class User {
  constructor(
    private readonly realm: Realm,
    readonly username: string,
    private readonly browser = new ScriptlessBrowser(),
  ) {}

  async id(): Promise<string> {
    return await this.realm.userId(this.username);
  }

  /** Opens the address that a client sent them to, signs in and consents. Gives the address that leads back to the client. */
  async signIn(address: URL): Promise<URL> {
    let page = await this.browser.open(address);
    for (let form = page.forms[0]; form && page.status === 200; form = page.forms[0]) {
      const isLogin = form.fields.includes('password');
      const { username, realm } = this;
      page = await this.browser.submit(
        page,
        form,
        isLogin ? { username, password: realm.password } : { accept: 'Yes' },
      );
    }
    if (page.url.origin === address.origin) throw new Error(`The sign-in ended at ${titleOf(page)}`);
    return page.url;
  }

  /** Signs out of everything, on the realm's page for it. */
  async signOut(): Promise<void> {
    const page = await this.browser.open(new URL(`${this.realm.issuer}/protocol/openid-connect/logout`));
    const [form] = page.forms;
    if (!form) throw new Error(`The sign-out ended at ${titleOf(page)}`);
    await this.browser.submit(page, form, { confirmLogout: 'Logout' });
  }

  /** A token for a client that is registered already: code and PKCE. */
  async token({ clientId = 'assistant', scope = '', resource, dpop }: TokenRequest = {}): Promise<string> {
    const client = await oauth.discovery(new URL(this.realm.issuer), clientId, undefined, oauth.None(), {
      execute: [oauth.allowInsecureRequests],
    });
    const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
    const expectedState = oauth.randomState();
    const indicator = resource === undefined ? undefined : { resource };
    const address = oauth.buildAuthorizationUrl(client, {
      redirect_uri: REDIRECT_URI,
      scope,
      state: expectedState,
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...indicator,
    });
    const { access_token } = await oauth.authorizationCodeGrant(
      client,
      await this.signIn(address),
      { pkceCodeVerifier, expectedState },
      indicator,
      dpop && { DPoP: dpop },
    );
    keepSecret(access_token);
    return access_token;
  }
}

function titleOf({ url, status, html }: Page): string {
  return `${url.pathname}: ${status} ${/<title>(.*?)<\/title>/s.exec(html)?.[1] ?? ''}`;
}

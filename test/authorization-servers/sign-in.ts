import * as oauth from 'openid-client';
import { ScriptlessBrowser } from '../../sample/quickstart/walkthrough/scriptless-browser.js';
import { keepSecret } from '../support/secret-watch.js';

/** Where clients are: nobody listens there, because the browser goes no further than the server. */
const REDIRECT_URI = 'http://127.0.0.1/callback';

/** The only user, as the files of the servers have them. */
export const USER = { username: 'alice', password: 'password-of-the-tests' };

/** The secret of each client that has one. */
export const SECRET = 'secret-of-the-tests';

export interface SignInRequest {
  readonly issuer: string;
  readonly clientId: string;
  readonly secret?: string;
  readonly scope: string;
  /** Sent as clients of OpenID Connect do. */
  readonly nonce?: string;
}

export interface Tokens {
  readonly accessToken: string;
  readonly idToken: string;
  readonly refreshToken: string;
}

/** Tokens for a client: code and PKCE, with the server's own page to sign in. */
export async function signIn({ issuer, clientId, secret, scope, nonce }: SignInRequest): Promise<Tokens> {
  const authentication = secret === undefined ? oauth.None() : oauth.ClientSecretPost(secret);
  const client = await oauth.discovery(new URL(issuer), clientId, undefined, authentication, {
    execute: [oauth.allowInsecureRequests],
  });
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
  const expectedState = oauth.randomState();
  const address = oauth.buildAuthorizationUrl(client, {
    redirect_uri: REDIRECT_URI,
    scope,
    state: expectedState,
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...(nonce !== undefined && { nonce }),
  });
  const browser = new ScriptlessBrowser();
  let page = await browser.open(address);
  const form = page.forms.find(({ fields }) => fields.includes('password'));
  if (form) page = await browser.submit(page, form, USER);
  if (page.url.origin === address.origin) throw new Error(`The sign-in ended at ${page.url.href}: ${page.html}`);
  const { access_token, id_token, refresh_token } = await oauth.authorizationCodeGrant(client, page.url, {
    pkceCodeVerifier,
    expectedState,
    ...(nonce !== undefined && { expectedNonce: nonce }),
  });
  const tokens = [access_token, id_token ?? '', refresh_token ?? ''] as const;
  for (const token of tokens) if (token !== '') keepSecret(token);
  const [accessToken, idToken, refreshToken] = tokens;
  return { accessToken, idToken, refreshToken };
}

/** A token of the client credentials grant. */
export async function getOwnToken(tokenEndpoint: string, clientId: string, scope: string): Promise<string> {
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  });
  const { access_token = '' } = (await response.json()) as { access_token?: string };
  keepSecret(access_token);
  return access_token;
}

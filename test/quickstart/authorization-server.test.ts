import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as oauth from 'openid-client';
import { nightlyReportClient } from '../../sample/quickstart/authorization-server/authorization-server.js';
import { alertText, type Form } from '../../sample/quickstart/walkthrough/html-form.js';
import { ScriptlessBrowser, type Page } from '../../sample/quickstart/walkthrough/scriptless-browser.js';
import {
  mcpResource,
  mcpServerClient,
  ordersAudience,
  redirectUri,
  RunningAuthorizationServer,
} from './running-authorization-server.js';

let server: RunningAuthorizationServer;
beforeAll(async () => {
  server = await RunningAuthorizationServer.start();
});
afterAll(() => server.close());

function formOf({ forms: [form], url }: Page): Form {
  if (!form) throw new Error(`no form at ${url.href}`);
  return form;
}

test('the pages allow the style that they carry, and no script', async () => {
  const response = await fetch(`${server.issuer}/device`);
  const policy = response.headers.get('content-security-policy') ?? '';
  const style = /<style>([^]*?)<\/style>/.exec(await response.text())?.[1] ?? '';

  expect(policy).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('script-src');
});

describe('metadata', () => {
  test.each(['oauth-authorization-server', 'openid-configuration'])('is published at /.well-known/%s', async (name) => {
    const response = await fetch(`${server.issuer}/.well-known/${name}`);

    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toMatchObject({
      issuer: server.issuer,
      authorization_endpoint: `${server.issuer}/auth`,
      token_endpoint: `${server.issuer}/token`,
      registration_endpoint: `${server.issuer}/reg`,
      jwks_uri: `${server.issuer}/jwks`,
      introspection_endpoint: `${server.issuer}/token/introspection`,
      revocation_endpoint: `${server.issuer}/token/revocation`,
      device_authorization_endpoint: `${server.issuer}/device/auth`,
      code_challenge_methods_supported: ['S256'],
      client_id_metadata_document_supported: true,
      authorization_response_iss_parameter_supported: true,
      grant_types_supported: expect.arrayContaining(['urn:ietf:params:oauth:grant-type:token-exchange']),
    });
  });

  test('the published keys are public', async () => {
    const { keys } = (await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: object[] };

    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toHaveProperty('d');
  });

  test.each(['reg', 'token', 'jwks'])('a script in a browser may use /%s', async (path) => {
    const origin = 'https://client.example';
    const preflight = await fetch(`${server.issuer}/${path}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });

    expect(preflight.status).toBe(204);
    expect(['*', origin]).toContain(preflight.headers.get('access-control-allow-origin'));
  });
});

describe('dynamic client registration', () => {
  test.each([
    ['no application_type', {}],
    ['application_type native', { application_type: 'native' }],
    ['application_type web', { application_type: 'web' }],
    ['localhost', { redirect_uris: ['http://localhost:8080/callback'] }],
    ['an IPv6 loopback address', { redirect_uris: ['http://[::1]/callback'] }],
    ['an https redirect URI', { redirect_uris: ['https://client.example/callback'] }],
    [
      'loopback and https together',
      { redirect_uris: ['http://127.0.0.1/callback', 'https://client.example/callback'] },
    ],
    ['a scope', { scope: 'orders:read orders:write something:else' }],
    ['a confidential client', { token_endpoint_auth_method: 'client_secret_post' }],
    ['unknown metadata', { some_extension: { nested: true }, software_id: '4NRB1-0XZABZI9E6-5SM3R' }],
    ['grant types that this server does not know', { grant_types: ['authorization_code', 'urn:example:other'] }],
  ])('takes %s', async (_description, metadata) => {
    const client = await server.register(metadata);

    expect(client.clientMetadata().client_id).toEqual(expect.any(String));
    expect(client.clientMetadata().grant_types).toContain('authorization_code');
  });

  test.each([
    ['plain http off loopback', { redirect_uris: ['http://client.example/callback'] }],
    ['no grant type for everyone', { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }],
    ['a fragment', { redirect_uris: ['https://client.example/callback#fragment'] }],
  ])('refuses %s', async (_description, metadata) => {
    await expect(server.register(metadata)).rejects.toMatchObject({ status: 400 });
  });

  test('does not hand out the grants of the static clients', async () => {
    const client = await server.register({
      grant_types: ['authorization_code', 'client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      token_endpoint_auth_method: 'client_secret_post',
    });

    expect(client.clientMetadata().grant_types).toEqual(['authorization_code']);
  });

  test.each([
    ['http://127.0.0.1:1234/callback', 'http://127.0.0.1:5678/callback'],
    ['http://localhost/callback', 'http://localhost:5678/callback'],
    ['http://[::1]:1234/callback', 'http://[::1]:5678/callback'],
  ])('lets a client registered with %s use %s', async (registered, used) => {
    const client = await server.register({ redirect_uris: [registered], application_type: 'web' });

    const { response } = await server.authorize(client, { username: 'alice', redirectUri: used });

    expect(response.href.startsWith(`${used}?code=`)).toBe(true);
    expect(response.searchParams.get('iss')).toBe(server.issuer);
  });

  test('does not let a client use another path or host', async () => {
    const client = await server.register();

    for (const used of ['http://127.0.0.1:1234/other', 'http://localhost:1234/callback', 'https://evil.example/']) {
      await expect(server.authorize(client, { username: 'alice', redirectUri: used })).rejects.toThrow(
        'redirect_uri did not match',
      );
    }
  });
});

describe('sign-in and consent', () => {
  test.each(['alice', 'bob'])('gives %s a JWT access token for the MCP server', async (username) => {
    const client = await server.register();

    const { access_token, token_type, expires_in, scope } = await server.obtainToken(client, {
      username,
      scope: 'orders:read',
      resource: mcpResource,
    });

    expect({ token_type, expires_in, scope }).toEqual({ token_type: 'bearer', expires_in: 3600, scope: 'orders:read' });
    expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    expect(decodeJwt(access_token)).toMatchObject({
      iss: server.issuer,
      aud: mcpResource,
      sub: username,
      scope: 'orders:read',
      client_id: client.clientMetadata().client_id,
    });
    expect(server.events.at(-1)).toEqual({
      grantType: 'authorization_code',
      clientId: client.clientMetadata().client_id,
      status: 200,
      claims: { aud: mcpResource, sub: username, scope: 'orders:read' },
    });
  });

  test('without a resource and a scope, the token is for the MCP server, to read orders', async () => {
    const { access_token } = await server.obtainToken(await server.register(), { username: 'alice' });

    expect(decodeJwt(access_token)).toMatchObject({ aud: mcpResource, scope: 'orders:read' });
  });

  test('ignores scopes that it does not know', async () => {
    const { scope } = await server.obtainToken(await server.register(), {
      username: 'alice',
      scope: 'orders:read offline_access something:else',
    });

    expect(scope).toBe('orders:read');
  });

  test('refuses an unknown user with a message', async () => {
    const client = await server.register();

    await expect(server.authorize(client, { username: '<b>mallory</b>' })).rejects.toThrow(
      'There is no user “<b>mallory</b>”. Sign in as alice or bob.',
    );
  });

  test('answers access_denied when the user denies', async () => {
    const { response } = await server.authorize(await server.register(), { username: 'alice', approve: false });

    expect(response.searchParams.get('error')).toBe('access_denied');
    expect(response.searchParams.has('code')).toBe(false);
  });

  test('another user can take over in the same browser', async () => {
    const client = await server.register();
    const browser = new ScriptlessBrowser();
    await server.obtainToken(client, { username: 'alice', browser });
    const verifier = oauth.randomPKCECodeVerifier();
    const url = oauth.buildAuthorizationUrl(client, {
      redirect_uri: redirectUri,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });

    const consent = await browser.open(url);
    const login = await browser.submit(consent, formOf(consent), { decision: 'switch-user' });
    const consentOfBob = await browser.submit(login, formOf(login), { username: 'bob' });
    const response = await browser.submit(consentOfBob, formOf(consentOfBob), { decision: 'approve' });
    const { access_token } = await oauth.authorizationCodeGrant(client, response.url, { pkceCodeVerifier: verifier });

    expect(decodeJwt(access_token).sub).toBe('bob');
  });

  test('the pages carry no script and escape what clients and users say', async () => {
    const client = await server.register({ client_name: '<script>alert("x")</script>' });
    const browser = new ScriptlessBrowser();
    const url = oauth.buildAuthorizationUrl(client, {
      redirect_uri: redirectUri,
      scope: 'orders:read orders:write',
      code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    });

    const login = await browser.open(url);
    const refused = await browser.submit(login, formOf(login), { username: '<script>' });
    const consent = await browser.submit(refused, formOf(refused), { username: 'alice' });

    for (const { html } of [login, refused, consent]) expect(html).not.toContain('<script');
    for (const { headers } of [login, consent]) {
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'/);
    }
    expect(consent.html).toContain('&#60;script&#62;alert');
    expect(consent.html).toMatch(/orders:read[^]*orders:write/);
    expect(formOf(consent).buttons.map(({ value }) => value)).toEqual(['approve', 'deny', 'switch-user']);
  });

  test('requires PKCE', async () => {
    const client = await server.register();
    const page = await new ScriptlessBrowser().open(
      oauth.buildAuthorizationUrl(client, { redirect_uri: redirectUri, scope: 'orders:read' }),
    );

    expect(page.url.searchParams.get('error')).toBe('invalid_request');
  });

  test('refuses a wrong code verifier', async () => {
    const client = await server.register();
    const { response } = await server.authorize(client, { username: 'alice' });

    const exchange = oauth.authorizationCodeGrant(client, response, {
      pkceCodeVerifier: oauth.randomPKCECodeVerifier(),
    });

    await expect(exchange).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
  });

  test('a client cannot have a token for the orders API', async () => {
    const client = await server.register();

    const { response } = await server.authorize(client, { username: 'alice', resource: ordersAudience });

    expect(response.searchParams.get('error')).toBe('invalid_target');
  });
});

describe('step-up', () => {
  test('asks for the new scope alone, and ends in a token that holds all of them', async () => {
    const client = await server.register();
    const browser = new ScriptlessBrowser();
    const first = await server.obtainToken(client, { username: 'alice', scope: 'orders:read', browser });

    const second = await server.obtainToken(client, { username: 'alice', scope: 'orders:write', browser });

    expect(first.scope).toBe('orders:read');
    expect(second.scope?.split(' ').sort()).toEqual(['orders:read', 'orders:write']);
    expect(decodeJwt(second.access_token).scope).toBe(second.scope);
  });

  test('a denied step-up leaves what was granted before', async () => {
    const client = await server.register();
    const browser = new ScriptlessBrowser();
    await server.obtainToken(client, { username: 'alice', scope: 'orders:read', browser });

    await server.authorize(client, { username: 'alice', scope: 'orders:write', approve: false, browser });
    const { scope } = await server.obtainToken(client, { username: 'alice', scope: 'orders:read', browser });

    expect(scope).toBe('orders:read');
  });

  test('a client may still ask for less than was granted', async () => {
    const client = await server.register();
    const browser = new ScriptlessBrowser();
    await server.obtainToken(client, { username: 'alice', scope: 'orders:read orders:write', browser });

    const { scope } = await server.obtainToken(client, { username: 'alice', scope: 'orders:read', browser });

    expect(scope).toBe('orders:read');
  });
});

describe('refresh tokens', () => {
  test('are rotated, and narrow the scope on request', async () => {
    const client = await server.register();
    const { refresh_token = '' } = await server.obtainToken(client, {
      username: 'bob',
      scope: 'orders:read orders:write',
    });

    const refreshed = await oauth.refreshTokenGrant(client, refresh_token, { scope: 'orders:read' });

    expect(decodeJwt(refreshed.access_token)).toMatchObject({ aud: mcpResource, sub: 'bob', scope: 'orders:read' });
    expect(refreshed.refresh_token).not.toBe(refresh_token);
    await expect(oauth.refreshTokenGrant(client, refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('are not issued to a client without that grant', async () => {
    const client = await server.register({ grant_types: ['authorization_code'] });

    expect(await server.obtainToken(client, { username: 'bob' })).not.toHaveProperty('refresh_token');
  });

  test('can be introspected and revoked', async () => {
    const client = await server.register();
    const { refresh_token = '' } = await server.obtainToken(client, { username: 'bob', scope: 'orders:read' });
    const introspect = () => oauth.tokenIntrospection(client, refresh_token);

    expect(await introspect()).toMatchObject({ active: true, sub: 'bob', scope: 'orders:read' });
    await oauth.tokenRevocation(client, refresh_token);
    expect(await introspect()).toEqual({ active: false });
  });
});

describe('client credentials', () => {
  test('give the nightly report a token of its own for the MCP server', async () => {
    const client = await server.clientOf(nightlyReportClient);

    const { access_token } = await oauth.clientCredentialsGrant(client);

    expect(decodeJwt(access_token)).toMatchObject({ aud: mcpResource, sub: 'nightly-report', scope: 'orders:read' });
  });

  test('do not reach the orders API', async () => {
    for (const credentials of [nightlyReportClient, mcpServerClient]) {
      const client = await server.clientOf(credentials);
      await expect(oauth.clientCredentialsGrant(client, { resource: ordersAudience })).rejects.toMatchObject({
        status: 400,
      });
    }
  });
});

describe('device flow', () => {
  const deviceClient = {
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    response_types: [],
    redirect_uris: [],
  };

  async function submitEverything(start: string, code: string, decision: string) {
    const browser = new ScriptlessBrowser();
    let page = await browser.open(new URL(start));
    for (let form = page.forms[0]; form; form = page.forms[0]) {
      expect(page.html).not.toContain('<script');
      const button = form.buttons.find(({ value }) => value === decision);
      page = await browser.submit(page, form, {
        ...(form.fields.includes('user_code') && { user_code: code }),
        ...(form.fields.includes('username') && { username: 'bob' }),
        ...(button && { [button.name]: button.value }),
      });
      if (alertText(page.html) !== undefined) break;
    }
    return page;
  }

  test.each(['verification_uri', 'verification_uri_complete'] as const)('ends in a token, by %s', async (member) => {
    const client = await server.register(deviceClient);
    const device = await oauth.initiateDeviceAuthorization(client, { scope: 'orders:read' });

    const page = await submitEverything(device[member] ?? '', device.user_code, 'approve');

    expect(page.html).toContain('Connected');
    const { access_token } = await oauth.pollDeviceAuthorizationGrant(client, { ...device, interval: 0.01 });
    expect(decodeJwt(access_token)).toMatchObject({ aud: mcpResource, sub: 'bob', scope: 'orders:read' });
  });

  test('shows the code of verification_uri_complete in the form', async () => {
    const client = await server.register(deviceClient);
    const device = await oauth.initiateDeviceAuthorization(client, {});

    const { html } = await new ScriptlessBrowser().open(new URL(device.verification_uri_complete ?? ''));

    expect(html).toContain(`value="${device.user_code}"`);
  });

  test('says that a code is wrong', async () => {
    const page = await submitEverything(`${server.issuer}/device`, 'WRNG-CODE', 'approve');

    expect(alertText(page.html)).toContain('This code cannot be used');
  });

  test('ends in access_denied when the user cancels', async () => {
    const client = await server.register(deviceClient);
    const device = await oauth.initiateDeviceAuthorization(client, {});

    await submitEverything(device.verification_uri, device.user_code, 'deny');

    await expect(oauth.pollDeviceAuthorizationGrant(client, { ...device, interval: 0.01 })).rejects.toMatchObject({
      error: 'access_denied',
    });
  });
});

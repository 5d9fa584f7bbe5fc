import { once } from 'node:events';
import { request as send, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Browser } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let parties: Parties;
  let server: LinkedServer;

  beforeAll(async () => {
    parties = await Parties.start();
    server = await parties.serve({ platform });
  });
  afterAll(() => parties.close());

  async function open(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
    const [response] = (await once(
      send(`${server.origin}${path}`, { headers: { connection: 'close', ...headers } }).end(),
      'response',
    )) as [IncomingMessage];
    return response.resume();
  }

  const pathOf = (page: string) => new URL(page).pathname;

  test.each<[string, () => Promise<string> | string, number]>([
    ['a redirect', async () => pathOf(await server.pageFor('alice')), 303],
    ['a link that nobody asked for', () => '/mcp/link/unknown', 404],
    ['a sign-in that nobody began', () => '/mcp/link/callback?code=x&state=y', 404],
    ['an authorization that nobody began', () => '/mcp/link/callback/crm?code=x&state=y', 404],
  ])('%s may not be framed, kept or told on', async (_name, path, status) => {
    const { statusCode, headers } = await open(await path());
    expect(statusCode).toBe(status);
    expect(headers).toMatchObject(HEADERS);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  test.each<[string, (url: URL) => Record<string, string>]>([
    ['`Host`', () => ({ host: 'evil.example' })],
    ['`X-Forwarded-Host`', () => ({ 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' })],
    ['`Forwarded`', () => ({ forwarded: 'host=evil.example;proto=https' })],
    [
      'the query',
      (url) => {
        const evil = 'https://evil.example/';
        for (const name of ['redirect_uri', 'redirect', 'next', 'return_to', 'state', 'client_id', 'nonce'])
          url.searchParams.set(name, evil);
        return {};
      },
    ],
  ])('%s decides nothing of where the browser is sent, nor of where it comes back to', async (_name, change) => {
    const url = new URL(await server.pageFor('alice'));
    const headers = change(url);
    const { statusCode, headers: answered } = await open(`${url.pathname}${url.search}`, headers);
    expect(statusCode).toBe(303);
    const { origin, pathname, searchParams } = new URL(answered.location ?? '');
    expect(origin + pathname).toBe(`${parties.enterprise.issuer}/auth`);
    expect(Object.fromEntries(searchParams)).toEqual({
      response_type: 'code',
      client_id: 'mcp-server',
      redirect_uri: `${server.resource}/link/callback`,
      scope: 'openid',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(JSON.stringify(answered)).not.toContain('evil');
  });

  test('at a redirect URI, `Host` decides nothing either', async () => {
    const browser = new Browser('alice');
    const { url } = await browser.visit(await server.pageFor('alice'), ({ href }) =>
      href.startsWith(`${server.resource}/link/callback?`),
    );
    const cookie = browser.cookies.headerFor(url);
    const { headers } = await open(`${url.pathname}${url.search}`, { cookie, host: 'evil.example' });
    const next = new URL(headers.location ?? '');
    expect(next.origin).toBe(parties.partner.issuer);
    expect(next.searchParams.get('redirect_uri')).toBe(`${server.resource}/link/callback/crm`);
    expect(next.searchParams.get('resource')).toBe(parties.api);
  });

  test('the cookie is for the server alone, and two of its name are one too many', async () => {
    const browser = new Browser('alice');
    const page = await server.pageFor('alice');
    const { headers } = await open(pathOf(page));
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^mcp-link-[\w-]{12}=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const { url } = await browser.visit(page, ({ href }) => href.startsWith(`${server.resource}/link/callback?`));
    const cookie = browser.cookies.headerFor(url);
    const [name = ''] = /mcp-link-[\w-]{12}/.exec(cookie) ?? [];
    const { statusCode } = await open(`${url.pathname}${url.search}`, { cookie: `${cookie}; ${name}=planted` });
    expect(statusCode).toBe(403);
  });
});

test('over https the cookie cannot be planted from elsewhere, nor be sent in the clear', async () => {
  const parties = await Parties.start();
  const server = await parties.serve({
    options: { resource: 'https://mcp.example/mcp', endpoint: { allowedHosts: 'any' } },
  });
  const page = await server.pageFor('alice');
  expect(page).toMatch(/^https:\/\/mcp\.example\/mcp\/link\/[\w-]{43}$/);
  const response = await fetch(`${server.origin}${new URL(page).pathname}`, { redirect: 'manual' });
  expect(response.headers.getSetCookie()).toEqual([
    expect.stringMatching(
      /^__Host-mcp-link-[\w-]{12}=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    ),
  ]);
  const location = new URL(response.headers.get('location') ?? '');
  expect(location.searchParams.get('redirect_uri')).toBe('https://mcp.example/mcp/link/callback');
  await parties.close();
});

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ServerTokenCache } from '../../lib/on-behalf-of/token-cache/server-token-cache.js';
import { TestIssuer } from '../support/test-issuer.js';
import { startLogoutServer, type LogoutServer } from './logout-server.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

let issuer: TestIssuer;
let server: LogoutServer;

beforeEach(async () => {
  issuer = await TestIssuer.start();
  server = await startLogoutServer(issuer.issuer);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
  await issuer.close();
});

/** A logout token as the specification has it, but for what a test changes. */
async function logoutToken(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) {
  return await issuer.token(
    { aud: 'mcp-server', client_id: undefined, events: { [EVENT]: {} }, ...claims },
    { typ: 'logout+jwt', ...header },
  );
}

const tokenOf = async (claims: Record<string, unknown>) => await issuer.token({ aud: server.resource, ...claims });

/** Whose tokens had to be got anew. */
async function exchangedAgain(tokens: readonly string[]): Promise<string[]> {
  server.exchanged.length = 0;
  for (const token of tokens) await server.order(token);
  return server.exchanged;
}

describe('a sign-out', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['of a user', { sub: 'alice' }, ['alice', 'alice', 'alice']],
    ['of a session', { sub: undefined, sid: 'one' }, ['alice']],
    ['of a user’s session', { sub: 'alice', sid: 'one' }, ['alice', 'alice']],
    ['of nobody who was here', { sub: 'carol' }, []],
  ])('%s ends what it names, and nothing else', async (_name, claims, expected) => {
    const tokens = [
      await tokenOf({ sub: 'alice', sid: 'one' }),
      await tokenOf({ sub: 'alice', sid: 'two' }),
      // Whose session that is nobody knows.
      await tokenOf({ sub: 'alice' }),
      await tokenOf({ sub: 'bob', sid: 'three' }),
    ];
    expect(await exchangedAgain(tokens)).toHaveLength(4);
    const response = await server.logout(await logoutToken(claims));
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await exchangedAgain(tokens)).toEqual(expected);
  });

  test('names users by the claim that names them in access tokens', async () => {
    await server.close();
    const issuers = [{ issuer: issuer.issuer, claims: { subject: 'upn' } }];
    server = await startLogoutServer(issuer.issuer, { options: { issuers } });
    const tokens = [
      await tokenOf({ sub: 'one', upn: 'alice', sid: 'one' }),
      await tokenOf({ sub: 'alice', upn: 'bob', sid: 'two' }),
    ];
    expect(await exchangedAgain(tokens)).toEqual(['alice', 'bob']);
    expect((await server.logout(await logoutToken({ sub: 'alice' }))).status).toBe(400);
    await server.logout(await logoutToken({ sub: 'one', upn: 'alice' }));
    expect(await exchangedAgain(tokens)).toEqual(['alice']);
    await server.logout(await logoutToken({ sub: 'alice', sid: 'two' }));
    expect(await exchangedAgain(tokens)).toEqual(['bob']);
  });

  test('is in the audit trail', async () => {
    await server.logout(await logoutToken({ sid: 'one' }));
    expect(server.log.text).toMatch(/"type":"session_ended".*"subject":"alice","sessionId":"one"/);
  });
});

describe('what is no logout token is refused, and changes nothing', () => {
  const tokens: [string, Record<string, unknown>, Record<string, unknown>?][] = [
    ['for another client', { aud: 'other' }],
    ['for this server as a resource', { aud: 'https://mcp.example' }],
    ['without audience', { aud: undefined }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['that has expired', { exp: Math.floor(Date.now() / 1000) - 60 }],
    ['without expiry', { exp: undefined }],
    ['of long ago', { iat: Math.floor(Date.now() / 1000) - 3600 }],
    ['of the future', { iat: Math.floor(Date.now() / 1000) + 3600 }],
    ['without time', { iat: undefined }],
    ['without id', { jti: undefined }],
    ['with a nonce', { nonce: 'n' }],
    ['without events', { events: undefined }],
    ['about another event', { events: { 'https://schemas.example/event': {} } }],
    ['whose event is no object', { events: { [EVENT]: 'yes' } }],
    ['whose event is a list', { events: { [EVENT]: [] } }],
    ['that names nobody', { sub: undefined }],
    ['whose user is no text', { sub: undefined, sid: 7 }],
    ['whose session is empty', { sid: '' }],
    ['that is an access token', {}, { typ: 'at+jwt' }],
    ['that is a proof', {}, { typ: 'dpop+jwt' }],
    ['with critical parameters', {}, { crit: ['exp'], exp: 1 }],
    ['with a key of its own', {}, { jwk: {} }],
    ['signed with a key that nobody has', {}, { kid: 'unknown' }],
  ];

  test.each(tokens.map(([name, claims, header = {}]) => [name, claims, header] as const))(
    'a token %s',
    async (_name, claims, header) => {
      const alice = await tokenOf({ sub: 'alice', sid: 'one' });
      await server.order(alice);
      const token = await logoutToken(claims, header).catch(() => 'x.y.z');
      const response = await server.logout(token);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        error: 'invalid_request',
        error_description: 'The logout token is missing or not valid',
      });
      expect(await exchangedAgain([alice])).toEqual([]);
    },
  );

  test('an access token of the user, which every client has', async () => {
    const alice = await tokenOf({ sub: 'alice' });
    expect((await server.logout(alice)).status).toBe(400);
  });

  test('a signature that was changed, and none', async () => {
    const token = await logoutToken();
    const [header = '', payload = ''] = token.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    for (const bad of [
      `${token.slice(0, -6)}AAAAAA`,
      `${header}.${payload}.`,
      `${none}.${payload}.`,
      `${none}.${payload}`,
    ]) {
      expect((await server.logout(bad)).status).toBe(400);
    }
  });

  test('the same token once more', async () => {
    const token = await logoutToken();
    expect((await server.logout(token)).status).toBe(200);
    expect((await server.logout(token)).status).toBe(400);
  });

  test('no token, two tokens, and one that is no form', async () => {
    const token = await logoutToken();
    const type = (value: string) => ({ headers: { 'content-type': value } });
    expect((await server.logout(undefined)).status).toBe(400);
    expect((await server.logout([token, token])).status).toBe(400);
    expect((await server.logout('x'.repeat(20_000))).status).toBe(400);
    const asJson = { ...type('application/json'), body: JSON.stringify({ logout_token: token }) };
    expect((await server.logout(undefined, asJson)).status).toBe(400);
    expect((await fetch(`${server.logoutUri}?logout_token=${token}`, { method: 'POST' })).status).toBe(400);
    // It is still good.
    expect((await server.logout(token)).status).toBe(200);
  });

  test('strangers write nothing in the log but at its lowest level', async () => {
    await server.logout('x.y.z');
    await server.logout(await logoutToken({}, { kid: 'unknown' }));
    expect(server.log.lines.filter((line) => /^(log|warn|error).*logout token/i.test(line))).toEqual([]);
    await server.logout(await logoutToken({ aud: 'other' }));
    expect(server.log.text).toContain('its aud is not the client of this server');
  });
});

test('a type is not asked for, as few providers write it', async () => {
  expect((await server.logout(await logoutToken({}, { typ: undefined }))).status).toBe(200);
  expect((await server.logout(await logoutToken({}, { typ: 'JWT' }))).status).toBe(200);
});

describe('what cannot be done now has to be sent again', () => {
  test('because the issuer’s keys cannot be had', async () => {
    issuer.answers.set('/jwks', (_request, response) => {
      response.writeHead(500).end();
    });
    const token = await logoutToken();
    const response = await server.logout(token);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  });

  test('because the store did not take it; and then it is good', async () => {
    const token = await logoutToken();
    const revoke = jest.spyOn(server.app.get(ServerTokenCache), 'revoke').mockRejectedValueOnce(new Error('down'));
    expect((await server.logout(token)).status).toBe(503);
    expect((await server.logout(token)).status).toBe(200);
    expect(revoke).toHaveBeenCalledTimes(2);
  });
});

test.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('%s is not for it', async (method) => {
  const response = await fetch(server.logoutUri, { method });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
});

test('without the option there is no such endpoint', async () => {
  await server.close();
  server = await startLogoutServer(issuer.issuer, { options: { logout: { backChannel: undefined as never } } });
  expect((await server.logout(await logoutToken())).status).toBe(404);
});

test('on Fastify, under a global prefix, at a path of its own', async () => {
  await server.close();
  server = await startLogoutServer(issuer.issuer, {
    platform: 'fastify',
    options: { logout: { backChannel: { path: '/oauth/logout' } } },
    configure: (app) => app.setGlobalPrefix('api'),
  });
  const body = new URLSearchParams({ logout_token: await logoutToken() });
  const address = `${server.origin}/oauth/logout`;
  expect((await fetch(address, { method: 'POST', body })).status).toBe(200);
  expect((await fetch(address, { method: 'POST', body: '{}' })).status).toBe(400);
});

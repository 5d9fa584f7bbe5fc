import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { clientSecretBasic } from 'nestjs-mcp-auth';
import { TestIssuer } from '../support/test-issuer.js';
import { startLogoutServer, type LogoutServer } from './logout-server.js';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

let issuer: TestIssuer;
let other: TestIssuer;
let unregistered: TestIssuer;

beforeAll(async () => {
  [issuer, other, unregistered] = await Promise.all([TestIssuer.start(), TestIssuer.start(), TestIssuer.start()]);
});
afterAll(async () => {
  await Promise.all([issuer.close(), other.close(), unregistered.close()]);
});

/** What an issuer that is trusted says of its own users, for the client that the server is there. */
async function logoutToken(
  by: TestIssuer,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key = by.keys[0],
): Promise<string> {
  return await by.token(
    { aud: by === other ? 'mcp at other' : 'mcp', client_id: undefined, events: EVENTS, ...claims },
    { typ: 'logout+jwt', ...header },
    key,
  );
}

const now = () => Math.floor(Date.now() / 1000);
const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: LogoutServer;

  beforeAll(async () => {
    const authentication = clientSecretBasic('a secret that the client shares with its issuer');
    server = await startLogoutServer(issuer.issuer, {
      platform,
      options: {
        issuers: [{ issuer: issuer.issuer }, { issuer: other.issuer }, { issuer: unregistered.issuer }],
        client: [
          { id: 'mcp', issuer: issuer.issuer, authentication },
          { id: 'mcp at other', issuer: other.issuer, authentication },
        ],
      },
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => server.close());

  const tokenOf = async (by: TestIssuer, claims: Record<string, unknown> = {}) =>
    await by.token({ aud: server.resource, sub: 'alice', ...claims });

  /** Refused, and the user's tokens are still there. */
  async function expectRefused(token: string, status = 400): Promise<void> {
    const access = await tokenOf(issuer);
    await server.order(access);
    const before = server.exchanged.length;
    const response = await server.logout(token);
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store');
    if (token !== '') expect(text).not.toContain(token.slice(0, 20));
    await server.order(access);
    expect(server.exchanged).toHaveLength(before);
  }

  test.each<[string, () => Promise<string>]>([
    ['of another issuer for its own client, in the name of this one', () => logoutToken(other, { iss: issuer.issuer })],
    [
      'of another issuer, with the id of this one’s key',
      () => logoutToken(other, { iss: issuer.issuer, aud: 'mcp' }, { kid: issuer.keys[0]?.kid }),
    ],
    ['for the client of this server at another issuer', () => logoutToken(issuer, { aud: 'mcp at other' })],
    ['of an issuer where this server has no client', () => logoutToken(unregistered)],
    ['for nobody', () => logoutToken(issuer, { aud: [] })],
    ['for a number', () => logoutToken(issuer, { aud: 7 })],
    ['for a list in a list', () => logoutToken(issuer, { aud: [['mcp']] })],
    ['of a time in text', () => logoutToken(issuer, { iat: String(now()) })],
    ['that expires in text', () => logoutToken(issuer, { exp: String(now() + 100) })],
    ['whose user is an object', () => logoutToken(issuer, { sub: { toString: 'alice' } })],
    ['whose user is nobody', () => logoutToken(issuer, { sub: null })],
    ['whose user is empty, with a session', () => logoutToken(issuer, { sub: '', sid: 'one' })],
    ['whose event is told in a list', () => logoutToken(issuer, { events: [Object.keys(EVENTS)[0]] })],
    ['whose event is null', () => logoutToken(issuer, { events: { [Object.keys(EVENTS)[0] ?? '']: null } })],
    ['with a nonce that is null', () => logoutToken(issuer, { nonce: null })],
    ['that is an ID token', () => logoutToken(issuer, { events: undefined, nonce: 'n' }, { typ: 'JWT' })],
    ['that is an ID token without a nonce', () => logoutToken(issuer, { events: undefined }, { typ: undefined })],
    ['that is another security event', () => logoutToken(issuer, {}, { typ: 'secevent+jwt' })],
    ['with a type that is no text', () => logoutToken(issuer, {}, { typ: 1 })],
    ['that is a JWT in a JWT', () => logoutToken(issuer, {}, { cty: 'JWT' })],
    ['with a key of its own', () => logoutToken(issuer, {}, { jwk: issuer.keys[0]?.publicJwk })],
    ['in another spelling of base64url', async () => `${await logoutToken(issuer)}=`],
    ['with the address of its key', () => logoutToken(issuer, {}, { jku: `${other.origin}/jwks` })],
  ])('a token %s is refused', async (_name, make) => {
    await expectRefused(await make());
  });

  test.each(['a secret that the client shares with its issuer', 'public key'])(
    'a token signed with %s is refused',
    async (secret) => {
      const key = secret === 'public key' ? JSON.stringify(issuer.keys[0]?.publicJwk) : secret;
      for (const kid of [undefined, issuer.keys[0]?.kid]) {
        const claims = { iss: issuer.issuer, aud: 'mcp', sub: 'alice', iat: now(), exp: now() + 60, jti: randomUUID() };
        const start = `${encoded({ alg: 'HS256', typ: 'logout+jwt', kid })}.${encoded({ ...claims, events: EVENTS })}`;
        await expectRefused(`${start}.${createHmac('sha256', key).update(start).digest('base64url')}`);
      }
    },
  );

  test('an encrypted token is refused', async () => {
    await expectRefused(`${encoded({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.e30.AAAA.AAAA.AAAA`);
  });

  test('a token that was used is refused in every spelling', async () => {
    const token = await logoutToken(issuer, { sub: 'bob' });
    expect((await server.logout(token)).status).toBe(200);
    const last = token.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const alias = `${token.slice(0, -1)}${alphabet[alphabet.indexOf(last) ^ 1] ?? ''}`;
    for (const again of [token, alias, `${token}=`, ` ${token}`]) await expectRefused(again);
  });

  test('the id of a token that another issuer used is free', async () => {
    const jti = randomUUID();
    expect((await server.logout(await logoutToken(other, { jti }))).status).toBe(200);
    expect((await server.logout(await logoutToken(issuer, { jti }))).status).toBe(200);
  });

  test('an issuer signs out its own users alone', async () => {
    const [here, there] = [await tokenOf(issuer, { sid: 's' }), await tokenOf(other, { sid: 's' })];
    for (const token of [here, there]) await server.order(token);
    const before = server.exchanged.length;
    expect((await server.logout(await logoutToken(other, { sub: 'alice', sid: 's' }))).status).toBe(200);
    await server.order(here);
    expect(server.exchanged).toHaveLength(before);
    await server.order(there);
    expect(server.exchanged).toHaveLength(before + 1);
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['for several clients, of which this server is one', { aud: ['first', 'mcp'] }, {}],
    ['whose type is written in full', {}, { typ: 'application/logout+jwt' }],
    ['whose type is in capitals', {}, { typ: 'LOGOUT+JWT' }],
    ['whose event says more', { events: { ...EVENTS, 'https://other.example/event': {} } }, {}],
    ['that is a few seconds ahead', { iat: now() + 3 }, {}],
    ['that lasts for long', { exp: now() + 86_400 }, {}],
  ])('a token %s is taken', async (_name, claims, header) => {
    expect((await server.logout(await logoutToken(issuer, claims, header))).status).toBe(200);
  });

  test('what lasts for long is refused when it is old, and so is needed to be remembered no longer', async () => {
    const token = await logoutToken(issuer, { exp: now() + 86_400 });
    const from = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => from + 700_000);
    expect((await server.logout(token)).status).toBe(400);
  });

  test.each<[string, (token: string) => RequestInit & { readonly address?: string }]>([
    ['in the address', (token) => ({ address: `?logout_token=${token}`, body: new URLSearchParams({ x: 'y' }) })],
    ['as a list', (token) => ({ body: new URLSearchParams({ 'logout_token[]': token }) })],
    ['inside an object', (token) => ({ body: new URLSearchParams({ 'logout_token[value]': token }) })],
    [
      'as JSON',
      (token) => ({ body: JSON.stringify({ logout_token: token }), headers: { 'content-type': 'application/json' } }),
    ],
    ['as text', (token) => ({ body: `logout_token=${token}`, headers: { 'content-type': 'text/plain' } })],
    ['in a header', (token) => ({ body: new URLSearchParams(), headers: { authorization: `Bearer ${token}` } })],
    [
      'in a form with files',
      (token) => {
        const body = new FormData();
        body.set('logout_token', token);
        return { body };
      },
    ],
  ])('a token %s is refused', async (_name, request) => {
    const { address = '', ...init } = request(await logoutToken(issuer));
    const response = await fetch(`${server.logoutUri}${address}`, { method: 'POST', ...init });
    expect([400, 415]).toContain(response.status);
  });

  test('what the specification does not know is passed over', async () => {
    const body = new URLSearchParams({ state: 'x', logout_token: await logoutToken(issuer) });
    expect((await fetch(server.logoutUri, { method: 'POST', body })).status).toBe(200);
  });

  test('a body that is too large is not read', async () => {
    const body = new URLSearchParams({ logout_token: 'x'.repeat(2_000_000) });
    expect((await fetch(server.logoutUri, { method: 'POST', body })).status).toBe(413);
  });

  test('a page of another origin is told nothing', async () => {
    const headers = { origin: 'https://evil.example' };
    const body = new URLSearchParams({ logout_token: await logoutToken(issuer) });
    const response = await fetch(server.logoutUri, { method: 'POST', body, headers });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

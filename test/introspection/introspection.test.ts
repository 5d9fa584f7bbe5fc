import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { clientSecretBasic, clientSecretPost } from 'nestjs-mcp-auth';
import { challengeOf } from '../compliance/challenge-parameters.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import { CLIENT, IntrospectingServer, type IntrospectingServerParts } from './introspecting-server.js';

let server: IntrospectingServer;

async function start(parts: IntrospectingServerParts = {}): Promise<void> {
  server = await IntrospectingServer.start(parts);
}

afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
});

/** RFC 6749 section 2.3.1, of what is encoded already. */
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

const ID = 'mcp-server';
const SECRET = 'mcp-server-secret';

/** Some time later, for this server's clocks. */
function later(seconds: number): void {
  const now = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(now + seconds * 1000);
}

test('RFC 7662 section 2: a token that is no JWT is looked up, and its bearer is who the issuer says', async () => {
  await start();
  expect(await server.caller('opaque~token')).toEqual({
    subject: 'alice',
    clientId: 'test-client',
    appOnly: false,
    scopes: ['orders:read'],
    issuer: server.issuer.issuer,
  });
  expect(server.asked).toEqual([
    {
      authorization: basic(ID, SECRET),
      accept: 'application/json',
      body: { token: 'opaque~token', token_type_hint: 'access_token' },
    },
  ]);
});

test('scopes of tools hold as they do for JWTs', async () => {
  await start();
  const response = await server.call(undefined, 'write');
  expect(response.status).toBe(403);
  expect(challengeOf(response)).toMatchObject({ error: 'insufficient_scope', scope: 'orders:write' });
});

describe('how the server authenticates', () => {
  test.each<[string, IntrospectingServerParts, string | undefined, Record<string, string>]>([
    [
      'with the client of the module',
      { introspection: { client: null }, options: { client: { ...CLIENT, id: 'module' } } },
      basic('module', SECRET),
      {},
    ],
    [
      'with one of its own before that of the module',
      { options: { client: { ...CLIENT, id: 'module' } } },
      basic(ID, SECRET),
      {},
    ],
    [
      'with what has to be encoded (RFC 6749 section 2.3.1)',
      { introspection: { client: { id: 'a:b', authentication: clientSecretBasic('ä &') } } },
      basic('a%3Ab', '%C3%A4+%26'),
      {},
    ],
    [
      'in the body',
      { introspection: { client: { id: 'mcp', authentication: clientSecretPost('secret') } } },
      undefined,
      { client_id: 'mcp', client_secret: 'secret' },
    ],
  ])('%s', async (_name, parts, authorization, body) => {
    await start(parts);
    expect(await server.status('t')).toBe(200);
    expect(server.asked[0]).toMatchObject({ authorization, body: { token: 't', ...body } });
  });
});

test('an endpoint that is named is asked, and nothing else is fetched', async () => {
  const elsewhere = await TestIssuer.start();
  elsewhere.answers.set('/elsewhere', (_request, response) => {
    sendJson(response, 200, server.active());
  });
  await start({ introspection: { endpoint: `${elsewhere.origin}/elsewhere` } });
  expect(await server.status()).toBe(200);
  expect(elsewhere.requests).toEqual(['/elsewhere']);
  expect(server.issuer.requests).toEqual([]);
  await elsewhere.close();
});

describe('an answer is remembered', () => {
  test('for 30 seconds, and then asked for again', async () => {
    await start();
    const token = randomUUID();
    for (let call = 0; call < 5; call += 1) expect(await server.status(token)).toBe(200);
    expect(server.asked).toHaveLength(1);
    later(29);
    expect(await server.status(token)).toBe(200);
    expect(server.asked).toHaveLength(1);
    later(2);
    expect(await server.status(token)).toBe(200);
    expect(server.asked).toHaveLength(2);
  });

  test('so that a token which is revoked is refused after that', async () => {
    await start({ introspection: { cacheMs: 5_000 } });
    const token = randomUUID();
    expect(await server.status(token)).toBe(200);
    server.say({ active: false });
    expect(await server.status(token)).toBe(200);
    later(6);
    expect(await server.status(token)).toBe(401);
  });

  test('not at all where that is asked for, good or bad', async () => {
    await start({ introspection: { cacheMs: 0 } });
    const token = randomUUID();
    expect([await server.status(token), await server.status(token)]).toEqual([200, 200]);
    server.say({ active: false });
    expect([await server.status(token), await server.status(token)]).toEqual([401, 401]);
    expect(server.asked).toHaveLength(4);
  });

  test('never past the expiry that it has', async () => {
    await start({ introspection: { cacheMs: 300_000 } });
    const token = randomUUID();
    server.say({ exp: Math.floor(Date.now() / 1000) + 10 });
    expect(await server.status(token)).toBe(200);
    later(11);
    expect(await server.status(token)).toBe(200);
    expect(server.asked).toHaveLength(2);
    later(5);
    expect(await server.status(token)).toBe(401);
  });

  test('that a token is not active, for 10 seconds', async () => {
    await start({ introspection: { cacheMs: 300_000 } });
    const token = randomUUID();
    server.say({ active: false });
    for (let call = 0; call < 5; call += 1) expect(await server.status(token)).toBe(401);
    expect(server.asked).toHaveLength(1);
    server.say({});
    later(11);
    expect(await server.status(token)).toBe(200);
  });

  test('for that token alone', async () => {
    await start();
    server.answer = (response, body) => {
      sendJson(response, 200, server.active({ sub: body.get('token') }));
    };
    expect(await server.caller('one')).toMatchObject({ subject: 'one' });
    expect(await server.caller('two')).toMatchObject({ subject: 'two' });
    expect(await server.caller('one')).toMatchObject({ subject: 'one' });
  });
});

test('one question is on its way for each token, however many wait for the answer', async () => {
  await start();
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  server.answer = async (response, body) => {
    if (body.get('token') === 'popular') await released;
    else release();
    sendJson(response, 200, server.active());
  };
  const calls = Array.from({ length: 50 }, () => server.status('popular'));
  expect(await server.status('other')).toBe(200);
  expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
  expect(server.asked.filter(({ body }) => body.token === 'popular')).toHaveLength(1);
});

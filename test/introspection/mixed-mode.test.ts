import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import { CLIENT, IntrospectingServer } from './introspecting-server.js';

let server: IntrospectingServer;

afterEach(() => server.close());

/** A good token of the issuer, taken apart. */
async function parts(): Promise<[string, string, string]> {
  return (await server.issuer.token({ aud: server.resource })).split('.') as [string, string, string];
}

test('a JWT of a known issuer is verified here, and nobody is asked about it', async () => {
  server = await IntrospectingServer.start();
  expect(await server.status(await server.issuer.token({ aud: server.resource }))).toBe(200);
  expect(server.asked).toEqual([]);
});

describe('a JWT that says it is of a known issuer, and is not good, is refused without asking', () => {
  test.each<[string, () => Promise<string>]>([
    ['with another signature', async () => [...(await parts()).slice(0, 2), 'AAAA'].join('.')],
    ['without a signature', async () => [...(await parts()).slice(0, 2), ''].join('.')],
    ['in another spelling of base64url', async () => `${(await parts()).join('.')}=`],
    ['in base64 with a space in it', async () => ` ${(await parts()).join('.')}`.replace('.', '. ')],
    ['that has expired', () => server.issuer.token({ aud: server.resource, exp: 1 })],
    ['for another server', () => server.issuer.token({ aud: 'orders' })],
    ['of another type', () => server.issuer.token({ aud: server.resource }, { typ: 'refresh+jwt' })],
    [
      'signed with a secret that all know',
      () =>
        new SignJWT({ iss: server.issuer.issuer })
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
          .sign(Buffer.alloc(32)),
    ],
  ])('%s', async (_name, make) => {
    server = await IntrospectingServer.start();
    expect(await server.status(await make())).toBe(401);
    expect(server.asked).toEqual([]);
  });
});

test('a JWT of nobody we know is refused, and nobody is asked about it', async () => {
  server = await IntrospectingServer.start();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = await new SignJWT({ iss: 'https://other.example', aud: server.resource, exp: 9_999_999_999 })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey);
  expect(await server.status(token)).toBe(401);
  expect(server.asked).toEqual([]);
});

test.each(['one, two', 'one two', '"quoted"', 'one=two', 'one%two', 'one:two', '{}', '=', 'é'])(
  'what is no token (%s) is refused, and nobody is asked about it',
  async (token) => {
    server = await IntrospectingServer.start();
    expect(await server.status(token)).toBe(401);
    expect(server.asked).toEqual([]);
  },
);

test('a token that may be of several issuers is shown to none of them, and the operator is told once', async () => {
  const [first, second] = [await TestIssuer.start(), await TestIssuer.start()];
  server = await IntrospectingServer.start({
    options: {
      issuers: [
        { issuer: first.issuer, introspection: introspection(first, /^at-/) },
        { issuer: second.issuer, introspection: introspection(second, /at-second/) },
      ],
    },
  });
  for (const token of ['at-second-1', 'at-second-2']) expect(await server.status(token)).toBe(401);
  expect([...first.requests, ...second.requests]).toEqual([]);
  const warnings = server.application.log.lines.filter((line) => line.includes('`introspection.tokens`'));
  expect(warnings).toEqual([expect.stringContaining(`${first.issuer}, ${second.issuer}`)]);
  await Promise.all([first.close(), second.close()]);
});

test('tokens that cannot be of the issuer are not shown to it', async () => {
  server = await IntrospectingServer.start({ introspection: { tokens: /^ory_at_/ } });
  expect(await server.status('ory_at_1')).toBe(200);
  expect(await server.status('ory_rt_1')).toBe(401);
  expect(await server.status('xory_at_1')).toBe(401);
  expect(server.asked.map(({ body }) => body.token)).toEqual(['ory_at_1']);
});

test.each([/ory_at_/, /^ory_at_|ory_at_\d$/])(
  '%s matches from the first character of a token on, and not further in',
  async (tokens) => {
    server = await IntrospectingServer.start({ introspection: { tokens } });
    expect(await server.status('ory_at_1')).toBe(200);
    for (const other of ['xory_at_1', 'of-another-server-ory_at_1']) expect(await server.status(other)).toBe(401);
    expect(server.asked.map(({ body }) => body.token)).toEqual(['ory_at_1']);
  },
);

test('with several issuers each is asked about its own', async () => {
  const second = await TestIssuer.start();
  const asked: (string | null)[] = [];
  second.answers.set('/introspect', (_request, response, body) => {
    asked.push(body.get('token'));
    sendJson(response, 200, server.active({ sub: 'bob' }));
  });
  const first = await TestIssuer.start();
  first.answers.set('/introspect', (_request, response) => {
    sendJson(response, 200, server.active({ sub: 'carol' }));
  });
  server = await IntrospectingServer.start({
    options: {
      issuers: [
        { issuer: first.issuer, introspection: introspection(first, /^first-/) },
        { issuer: second.issuer, introspection: introspection(second, /^second-/) },
      ],
    },
  });
  expect(await server.caller('first-1')).toMatchObject({ subject: 'carol', issuer: first.issuer });
  expect(await server.caller('second-1')).toMatchObject({ subject: 'bob', issuer: second.issuer });
  expect(await server.status('third-1')).toBe(401);
  expect(asked).toEqual(['second-1']);
  await first.close();
  expect(await server.status('first-2')).toBe(503);
  expect(await server.status('second-2')).toBe(200);
  await second.close();
});

function introspection({ origin }: TestIssuer, tokens: RegExp) {
  return { client: CLIENT, endpoint: `${origin}/introspect`, tokens };
}

test('claims are mapped, clients chosen and audiences compared as the issuer has them', async () => {
  server = await IntrospectingServer.start({
    trust: {
      audiences: ['orders-mcp'],
      clients: ['good-client'],
      claims: { scopes: ['permissions.orders'], clientId: ['azp'] },
    },
  });
  server.say({ aud: 'orders-mcp', azp: 'good-client', permissions: { orders: ['a', 'b'] }, scope: 'c' });
  expect(await server.caller()).toMatchObject({ scopes: ['a', 'b'], clientId: 'good-client' });
  server.say({ aud: 'orders-mcp', azp: 'bad-client' });
  expect(await server.status()).toBe(403);
  server.say({});
  expect(await server.status()).toBe(401);
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { allowInsecureRequests, discovery } from 'openid-client';
import { TestIssuer } from 'nestjs-mcp-auth/testing';
import 'nestjs-mcp-auth/testing/jest';
import { OrderTools, startOrders } from './orders-app.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

let issuer: TestIssuer;

beforeEach(async () => {
  issuer = await TestIssuer.start({ path: '/realms/acme' });
});

afterEach(() => issuer.close());

async function exchange(form: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${issuer.origin}/token`, { method: 'POST', headers, body: new URLSearchParams(form) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test.each(['oauth2', 'oidc'] as const)(
  'an OAuth client finds its endpoints by the metadata of %s',
  async (algorithm) => {
    const found = await discovery(new URL(issuer.issuer), 'client', undefined, undefined, {
      algorithm,
      execute: [allowInsecureRequests],
    });
    expect(found.serverMetadata()).toMatchObject({ issuer: issuer.issuer, token_endpoint: `${issuer.origin}/token` });
  },
);

test.each([
  ['oauth', [200, 404]],
  ['openid', [404, 200]],
] as const)('it may publish the metadata of %s alone', async (publishes, statuses) => {
  const one = await TestIssuer.start({ publishes });
  const documents = ['oauth-authorization-server', 'openid-configuration'];
  const answers = await Promise.all(documents.map((name) => fetch(`${one.origin}/.well-known/${name}`)));
  expect(answers.map(({ status }) => status)).toEqual(statuses);
  await one.close();
});

test('a token says what it is asked to say, is told to whoever listens, and is verified with the JWKS', async () => {
  const told: string[] = [];
  const one = await TestIssuer.start({ onToken: (token) => told.push(token) });
  const token = await one.token({
    sub: 'bob',
    scopes: ['a', 'b'],
    audience: 'api',
    expiresInMs: 60_000,
    jti: undefined,
    tenant: 7,
  });
  expect(told).toEqual([token]);
  const jwks = createRemoteJWKSet(new URL(`${one.origin}/jwks`));
  const { payload, protectedHeader } = await jwtVerify(token, jwks, { issuer: one.issuer, audience: 'api' });
  expect(payload).toMatchObject({ sub: 'bob', scope: 'a b', aud: 'api', tenant: 7 });
  expect(payload).not.toHaveProperty('jti');
  expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
  expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  await one.close();
});

test('each of its keys signs, where it is asked to', async () => {
  const one = await TestIssuer.start({ algorithms: ['EdDSA', 'RS256'] });
  await one.addKey('ES256', 'third');
  const jwks = createRemoteJWKSet(new URL(`${one.origin}/jwks`));
  for (const key of one.keys) {
    const { protectedHeader } = await jwtVerify(await one.token({}, {}, key), jwks);
    expect(protectedHeader).toMatchObject({ alg: key.alg, kid: key.kid });
  }
  expect(one.keys.map(({ alg }) => alg)).toEqual(['EdDSA', 'RS256', 'ES256']);
  expect(decodeProtectedHeader(await one.token())).toMatchObject({ alg: 'EdDSA' });
  expect(one.keys[2]?.kid).toBe('third');
  await one.close();
});

test('a key that takes over signs, and the one before stays good until it is removed', async () => {
  const server = await startOrders();
  const { client } = server;
  const [old] = server.issuer.keys;
  if (!old) throw new Error('There is no key');
  const before = client.as({ sub: 'before', scopes: ['orders:read'] });
  await before.callTool([OrderTools, 'findOrder'], { id: '7' });
  const { kid } = await server.issuer.rotate();
  const after = client.as({ sub: 'after', scopes: ['orders:read'] });
  expect((await after.callTool([OrderTools, 'findOrder'], { id: '7' })).value.owner).toBe('after');
  expect(decodeProtectedHeader((await after.token()) ?? '')).toMatchObject({ kid, alg: 'ES256' });
  expect((await before.callTool([OrderTools, 'findOrder'], { id: '7' })).value.owner).toBe('before');
  server.issuer.removeKey(old);
  expect(server.issuer.keys.map((key) => key.kid)).toEqual([kid]);
  const token = await server.issuer.token({ audience: 'orders-api', scopes: ['orders:read'] }, {}, old);
  const answer = await fetch(`${server.orders.origin}/orders/7`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(401);
  await server.close();
});

describe('the exchange', () => {
  test('gives a token for the target, of the same user, and records what it was asked without tokens and secrets', async () => {
    const subjectToken = await issuer.token({ sub: 'bob' });
    const actorToken = await issuer.token({ sub: 'agent' });
    const authorization = `Basic ${Buffer.from('mcp%3Aorders:s3cr3t').toString('base64')}`;
    const { status, body } = await exchange(
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subjectToken,
        subject_token_type: ACCESS_TOKEN,
        actor_token: actorToken,
        audience: 'orders-api',
        scope: 'read write',
      },
      { authorization },
    );
    expect([status, body.issued_token_type]).toEqual([200, ACCESS_TOKEN]);
    expect(decodeJwt(String(body.access_token))).toMatchObject({
      iss: issuer.issuer,
      sub: 'bob',
      aud: 'orders-api',
      scope: 'read write',
      act: { sub: 'mcp:orders' },
    });
    expect(issuer.exchangeRequests).toEqual([
      {
        grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audiences: ['orders-api'],
        resources: [],
        scopes: ['read', 'write'],
        subject: 'bob',
        actor: 'agent',
        client: { id: 'mcp:orders', method: 'client_secret_basic' },
        parameters: {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: '(hidden)',
          subject_token_type: ACCESS_TOKEN,
          actor_token: '(hidden)',
          audience: 'orders-api',
          scope: 'read write',
        },
        error: undefined,
      },
    ]);
    const recorded = JSON.stringify(issuer.exchangeRequests);
    for (const secret of [subjectToken, actorToken, 's3cr3t', authorization]) expect(recorded).not.toContain(secret);
  });

  test.each([
    ['client_secret_post', { client_id: 'mcp', client_secret: 's3cr3t' }],
    ['none', { client_id: 'mcp' }],
    // {"alg":"ES256"}.{"sub":"mcp"}
    ['private_key_jwt', { client_assertion: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtY3AifQ.c2ln' }],
    // {"alg":"HS256"}.{"sub":"mcp"}
    ['client_secret_jwt', { client_assertion: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtY3AifQ.c2ln' }],
  ])('records that a client authenticated with %s', async (method, credentials) => {
    const { status, body } = await exchange({ grant_type: 'client_credentials', ...credentials });
    expect(issuer.exchangeRequests[0]?.client).toEqual({ id: 'mcp', method });
    expect(JSON.stringify(issuer.exchangeRequests)).not.toMatch(/s3cr3t|eyJ/);
    // A client that acts for itself has to be named in the form.
    expect([status, decodeJwt(String(body.access_token)).sub]).toEqual([200, 'mcp']);
  });

  test.each([
    ['is missing', () => Promise.resolve(undefined)],
    ['is no JWT', () => Promise.resolve('nonsense')],
    ['has expired', () => issuer.token({ expiresInMs: -60_000 })],
    [
      'is signed with a key that was removed',
      async () => {
        const token = await issuer.token({});
        issuer.removeKey(issuer.keys[0] ?? { kid: '' });
        return token;
      },
    ],
  ])('refuses a subject token that %s', async (_name, make) => {
    const token = await make();
    const { status, body } = await exchange({ grant_type: 'x', ...(token !== undefined && { subject_token: token }) });
    expect([status, body.error]).toEqual([400, 'invalid_request']);
    expect(issuer.exchangeRequests).toMatchObject([{ error: 'invalid_request' }]);
  });

  test('fails as it is told to, and says what it was told to say', async () => {
    const subject_token = await issuer.token();
    issuer.failExchange({ error: 'interaction_required', status: 401, description: 'MFA', members: { claims: '{}' } });
    expect(await exchange({ subject_token })).toEqual({
      status: 401,
      body: { error: 'interaction_required', error_description: 'MFA', claims: '{}' },
    });
    issuer.failExchange();
    expect(await exchange({ subject_token })).toEqual({ status: 400, body: { error: 'invalid_grant' } });
    issuer.restoreExchange();
    expect((await exchange({ subject_token })).status).toBe(200);
    expect(issuer.exchangeRequests.map(({ error }) => error)).toEqual([
      'interaction_required',
      'invalid_grant',
      undefined,
    ]);
  });

  test('gives tokens of other claims, and tells whoever listens what came', async () => {
    const forms: URLSearchParams[] = [];
    const one = await TestIssuer.start({ onExchange: (form) => forms.push(form) });
    one.exchangedClaims = { scopes: ['read'], expiresInMs: -1_000, roles: ['x'] };
    const subject_token = await one.token();
    const body = new URLSearchParams([
      ['subject_token', subject_token],
      ['resource', 'urn:a'],
      ['resource', 'urn:b'],
    ]);
    const response = await fetch(`${one.origin}/token`, { method: 'POST', body });
    const { access_token } = (await response.json()) as { access_token: string };
    expect(decodeJwt(access_token)).toMatchObject({ aud: ['urn:a', 'urn:b'], scope: 'read', roles: ['x'] });
    expect(forms.map((form) => form.get('subject_token'))).toEqual([subject_token]);
    await one.close();
  });
});

test('an answer can be replaced, and one that throws is a 500', async () => {
  issuer.answers.set('/jwks', (_request, response) => void response.writeHead(503).end());
  expect((await fetch(`${issuer.origin}/jwks`)).status).toBe(503);
  issuer.answers.set('/jwks', () => Promise.reject(new Error('out of order')));
  const broken = await fetch(`${issuer.origin}/jwks`);
  expect([broken.status, await broken.json()]).toEqual([
    500,
    { error: 'server_error', error_description: 'out of order' },
  ]);
  expect(issuer.requests).toEqual(['/jwks', '/jwks']);
  expect((await fetch(`${issuer.origin}/elsewhere`)).status).toBe(404);
});

test('it ends with the block that it is used in', async () => {
  let origin;
  {
    await using one = await TestIssuer.start();
    ({ origin } = one);
    expect((await fetch(`${origin}/jwks`)).status).toBe(200);
  }
  await expect(fetch(`${origin}/jwks`)).rejects.toThrow('fetch failed');
});

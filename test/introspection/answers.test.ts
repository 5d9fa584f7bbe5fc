import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { challengeOf } from '../compliance/challenge-parameters.js';
import { sendJson } from '../support/test-issuer.js';
import { IntrospectingServer } from './introspecting-server.js';

let server: IntrospectingServer;

beforeAll(async () => {
  server = await IntrospectingServer.start();
});
afterEach(async () => {
  server.say({});
  expect(await server.status()).toBe(200);
});
afterAll(() => server.close());

const now = () => Math.floor(Date.now() / 1000);

describe('a token of which the issuer says this passes', () => {
  test.each<[string, () => Record<string, unknown>, Record<string, unknown>]>([
    ['its issuer', () => ({ iss: server.issuer.issuer }), { subject: 'alice' }],
    ['several audiences', () => ({ aud: ['x', server.resource] }), { subject: 'alice' }],
    ['no scope', () => ({ scope: undefined }), { scopes: [] }],
    ['no expiry', () => ({ exp: undefined }), { subject: 'alice' }],
    ['its kind', () => ({ token_type: 'Bearer' }), { subject: 'alice' }],
    [
      'no subject: nobody is known',
      () => ({ sub: undefined }),
      { subject: expect.stringMatching(/^token:/), appOnly: true },
    ],
    [
      'no subject, and that it is of the client credentials grant',
      () => ({ sub: undefined, gty: 'client-credentials' }),
      { subject: 'test-client', appOnly: true },
    ],
    ['that it stands for the client', () => ({ sub: 'test-client' }), { appOnly: true }],
  ])('%s', async (_name, members, expected) => {
    server.say(members());
    expect(await server.caller()).toMatchObject({ ...expected, issuer: server.issuer.issuer });
  });
});

describe('a token of which the issuer says this is refused, as invalid', () => {
  test.each<[string, () => Record<string, unknown>]>([
    ['that it is not active', () => ({ active: false })],
    ['another audience', () => ({ aud: 'https://other.example/mcp' })],
    ['several others', () => ({ aud: ['orders', 'https://other.example/mcp'] })],
    ['an audience that is an object', () => ({ aud: { [server.resource]: true } })],
    ['no audience', () => ({ aud: undefined })],
    ['neither subject nor client', () => ({ sub: undefined, client_id: undefined })],
    ['a subject that is a number', () => ({ sub: 7 })],
    ['a subject of no characters', () => ({ sub: '' })],
    ['an issuer that is another', () => ({ iss: 'https://other.example' })],
    ['an expiry in the past', () => ({ exp: now() - 6 })],
    ['an expiry that is text', () => ({ exp: String(now() + 300) })],
    ['a beginning in the future', () => ({ nbf: now() + 60 })],
    ['that it was issued in the future', () => ({ iat: now() + 60 })],
    ['scopes that are objects', () => ({ scope: [{ orders: 'read' }] })],
    ['that it is a refresh token, as Hydra says it', () => ({ token_use: 'refresh_token' })],
    ['that it is a refresh token, as Keycloak says it', () => ({ typ: 'Refresh' })],
    ['that it is a refresh token, by its type', () => ({ token_type: 'refresh_token' })],
    ['a type that sets it apart from tokens that anyone may use', () => ({ token_type: 'N_A' })],
    ['that it is an ID token', () => ({ at_hash: 'x' })],
    ['that it is bound to a key, where bound tokens are not taken', () => ({ cnf: { jkt: 'x' } })],
  ])('%s', async (_name, members) => {
    server.say(members());
    const response = await server.call();
    expect(response.status).toBe(401);
    expect(challengeOf(response)).toMatchObject({ error: 'invalid_token' });
  });
});

describe('an answer that cannot be believed lets nobody in, and puts no blame on the token', () => {
  const raw =
    (status: number, body: string, type = 'application/json') =>
    (response: ServerResponse) =>
      response.writeHead(status, { 'content-type': type }).end(body);
  const good = '{"active":true,"sub":"alice"}';

  test.each<[string, (response: ServerResponse) => unknown]>([
    ['an error', raw(500, '{}')],
    ['that the client is not known', raw(401, '{"error":"invalid_client"}')],
    ['that the client may not ask', raw(403, '{"error":"access_denied"}')],
    ['that there are too many questions', raw(429, '{}')],
    ['that all is well, with an error status', raw(500, good)],
    ['another success', raw(201, good)],
    ['nothing', raw(204, '')],
    ['a page', raw(200, '<html>maintenance</html>', 'text/html')],
    ['half of it', raw(200, '{"active":true')],
    ['a list', raw(200, `[${good}]`)],
    ['null', raw(200, 'null')],
    ['a word for active', raw(200, '{"active":"true","sub":"alice"}')],
    ['nothing of active', raw(200, '{"sub":"alice"}')],
    ['more than there can be to say', raw(200, `{"active":true,"x":"${'x'.repeat(2 ** 20)}"}`)],
    ['a signed answer that nobody asked for', raw(200, 'e30.e30.x', 'application/token-introspection+jwt')],
    [
      'to ask elsewhere',
      (response) => response.writeHead(307, { location: `${server.issuer.origin}/elsewhere` }).end(),
    ],
    ['an end in the middle', (response) => response.socket?.destroy()],
  ])('%s', async (_name, answer) => {
    server.answer = answer;
    const response = await server.call();
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('10');
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await response.text()).not.toMatch(/introspect|127\.0\.0\.1|localhost|active/);
    expect(server.issuer.requests).not.toContain('/elsewhere');
  });

  test('nothing of the token or the secret is in the log of that', async () => {
    server.answer = raw(500, '{}');
    await server.call('this-is-the-token');
    expect(server.application.log.text).toMatch(/introspection failed/);
    expect(server.application.log.text).not.toMatch(/this-is-the-token|mcp-server-secret/);
  });

  test('a client that goes away while the issuer thinks leaves nothing broken', async () => {
    const gone = new AbortController();
    server.answer = async (response) => {
      gone.abort();
      await once(response.req, 'close').catch(() => undefined);
      sendJson(response, 200, server.active());
    };
    const headers = { authorization: 'Bearer x', 'content-type': 'application/json' };
    const call = fetch(server.resource, { method: 'POST', headers, body: '{}', signal: gone.signal });
    await expect(call).rejects.toThrow();
  });
});

test('an issuer whose metadata has no endpoint lets nobody in', async () => {
  const other = await IntrospectingServer.start({ metadata: { introspection_endpoint: undefined } });
  expect(await other.status()).toBe(503);
  await other.close();
});

test('an issuer with its endpoint on plain http elsewhere is not told any token', async () => {
  const other = await IntrospectingServer.start({ metadata: { introspection_endpoint: 'http://id.example/x' } });
  expect(await other.status()).toBe(503);
  await other.close();
});

test('an answer without audience is taken where that was said, and one with another is not', async () => {
  const other = await IntrospectingServer.start({ introspection: { acceptMissingAudience: true } });
  other.say({ aud: undefined });
  expect(await other.status()).toBe(200);
  other.say({ aud: 'orders' });
  expect(await other.status()).toBe(401);
  await other.close();
});

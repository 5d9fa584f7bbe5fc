import { afterEach, describe, expect, test } from '@jest/globals';
import { sendJson } from '../support/test-issuer.js';
import { IntrospectingServer, type IntrospectingServerParts } from './introspecting-server.js';

describe.each(['express', 'fastify'] as const)('a JWT whose revocation matters, on %s', (platform) => {
  let server: IntrospectingServer;
  afterEach(() => server.close());
  const start = async (introspection: IntrospectingServerParts['introspection'] = {}) => {
    server = await IntrospectingServer.start({ platform, introspection: { jwt: 'always', ...introspection } });
  };
  const jwt = async (claims: Record<string, unknown> = {}) =>
    await server.issuer.token({ aud: server.resource, scope: 'orders:read', ...claims });

  test.each(['ES256', 'EdDSA'])(
    'with %s is verified, and the issuer is asked: once for as long as it is believed',
    async (alg) => {
      await start();
      server.issuer.keys = [];
      await server.issuer.addKey(alg);
      const token = await jwt();
      for (let calls = 0; calls < 3; calls += 1) expect(await server.status(token)).toBe(200);
      expect(server.asked.map(({ body }) => body.token === token)).toEqual([true]);
      expect(await server.caller(token)).toMatchObject({ subject: 'alice', scopes: ['orders:read'] });
    },
  );

  test('is asked about each time where nothing is believed for long, so that it ends at once', async () => {
    await start({ cacheMs: 0 });
    const token = await jwt();
    expect(await server.status(token)).toBe(200);
    server.answer = (response) => {
      sendJson(response, 200, { active: false });
    };
    expect(await server.status(token)).toBe(401);
    expect(server.asked).toHaveLength(2);
  });

  test('that is not good is refused without a question', async () => {
    await start();
    const token = await jwt();
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${Buffer.alloc(64).toString('base64url')}`;
    for (const bad of [
      forged,
      await jwt({ exp: 1 }),
      await jwt({ aud: 'other' }),
      await jwt({ iss: 'https://x.example' }),
    ])
      expect(await server.status(bad)).toBe(401);
    expect(server.asked).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, number]>([
    ['names the same user', { sub: 'alice' }, 200],
    [
      'says nothing but that it is active',
      { sub: undefined, aud: undefined, scope: undefined, client_id: undefined },
      200,
    ],
    ['has values without content', { sub: null, aud: [], iss: null }, 200],
    ['names another user', { sub: 'bob' }, 401],
    ['names another issuer', { iss: 'https://other.example' }, 401],
    ['does not say whether it is active', { active: undefined }, 503],
  ])('is good by an answer that %s: %o is %i', async (_name, members, status) => {
    await start();
    server.say(members);
    expect(await server.status(await jwt())).toBe(status);
  });

  test('lets nobody in while the issuer cannot be asked', async () => {
    await start();
    server.answer = (response) => {
      sendJson(response, 500, {});
    };
    const token = await jwt();
    expect(await server.status(token)).toBe(503);
    server.say({});
    expect(await server.status(token)).toBe(200);
  });

  test('is not asked about where that was not said', async () => {
    await start({ jwt: 'never' });
    expect(await server.status(await jwt())).toBe(200);
    expect(server.asked).toEqual([]);
  });
});

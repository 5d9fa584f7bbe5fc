import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { describeWithKeycloak } from './keycloak.js';
import { McpClient } from './mcp-client.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { expectAsRecorded } from './recorded-answers.js';
import { User } from './user.js';

const TARGET = { audience: 'orders-api', scope: 'orders.view' };

describeWithKeycloak('a session that is over', () => {
  let server: OrdersServer;

  beforeAll(async () => {
    server = await startOrdersServer({
      // A token that Keycloak counts as expired still reaches it.
      trust: { clockToleranceMs: 300_000, introspection: {} },
    });
  });
  afterAll(() => server.close());
  afterEach(() => {
    jest.restoreAllMocks();
    server.events.length = 0;
    server.api.requests.length = 0;
    server.api.answers.clear();
  });

  const newUser = () => new User(server.realm, 'alice');

  async function expectSignInWanted(token: string): Promise<void> {
    const { status, challenge, result } = await server.call(token, 'find_order');
    expect({ status, result }).toEqual({ status: 401, result: undefined });
    expect(challenge).toMatch(/^Bearer error="invalid_token", .*scope="orders:read", resource_metadata="/);
  }

  const ENDINGS: [string, (user: User, token: string) => Promise<unknown>, string?][] = [
    ['the user signed out', (user) => user.signOut()],
    [
      'an administrator signed the user out',
      async () => server.realm.admin('POST', `/users/${await server.alice.id()}/logout`),
    ],
    [
      'an administrator ended the session',
      (_user, token) => server.realm.admin('DELETE', `/sessions/${String(decodeJwt(token).sid)}`),
    ],
    ['the client revoked the token', (_user, token) => server.realm.revoke('assistant', token)],
    [
      'the user was disabled',
      async () => server.realm.admin('PUT', `/users/${await server.alice.id()}`, { enabled: false }),
    ],
    ['the token has expired', (_user, token) => inactive(token), 'hasty-assistant'],
  ];

  async function inactive(token: string): Promise<void> {
    while ((await server.realm.introspect('mcp-orders', token)).active === true) await new Promise(setImmediate);
  }

  test.each(ENDINGS)('%s: the client is asked for another sign-in', async (name, end, clientId = 'assistant') => {
    const user = newUser();
    const token = await user.token({ clientId, scope: 'orders:read' });
    await end(user, token);

    await expectSignInWanted(token);
    expect(server.events.filter(({ type }) => type === 'token_exchange_failed')).toEqual([
      expect.objectContaining({ code: 'caller_token_rejected', downstream: 'orders' }),
    ]);
    expect(server.api.requests).toEqual([]);
    expect(await server.faultOf('orders')).toBeUndefined();
    await expectAsRecorded(name, await server.realm.exchange('mcp-orders', token, TARGET));
    expect(await server.realm.introspect('mcp-orders', token)).toEqual({ active: false });

    // The token is a JWT, and verified here: what asks nothing of Keycloak goes on, whatever `introspection` says.
    await server.succeed(token, 'who_am_i');
    await server.realm.admin('PUT', `/users/${await server.alice.id()}`, { enabled: true });
  });

  test('an API that looks its tokens up refuses them from then on, and the client is asked for another sign-in', async () => {
    const { api, realm } = server;
    api.answers.set('/orders/1', (request, response) => {
      const token = String(request.headers.authorization).replace(/^Bearer /, '');
      void realm.introspect('orders-api', token).then(({ active, aud, sub }) => {
        response.writeHead(active === true ? 200 : 401, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ aud, sub }));
      });
    });
    const user = newUser();
    const token = await user.token({ scope: 'orders:read' });
    const first = await server.succeed(token, 'find_order');
    expect(first.structuredContent).toEqual({ aud: 'orders-api', sub: await user.id() });
    await user.signOut();
    await expectSignInWanted(token);
    expect(api.requests).toHaveLength(2);
    expect(server.events.map(({ type }) => type)).toContain('token_exchange_failed');
  });

  describe('of a client with a refresh token for offline use, as the SDK asks for', () => {
    async function connected(user: User): Promise<McpClient> {
      const client = new McpClient(new URL(server.resource), user, { clientId: 'assistant', realm: server.realm });
      await client.connect();
      return client;
    }

    test('outlives a sign-out, and ends with the offline session: one more sign-in, and the tool runs', async () => {
      // The SDK says what it does.
      jest.spyOn(console, 'warn').mockReturnValue(undefined);
      const user = newUser();
      const client = await connected(user);
      await user.signOut();
      expect((await client.call('find_order')).isError).toBeUndefined();

      await server.realm.admin('DELETE', `/sessions/${String(decodeJwt(client.accessToken).sid)}?isOffline=true`);
      server.events.length = 0;
      await client.signInFor(() => client.call('book_order'));
      expect(server.events.map(({ type }) => type)).toEqual(['token_exchange_failed', 'operation_denied']);
      expect((await client.call('book_order')).isError).toBeUndefined();
      await client.close();
    });
  });
});

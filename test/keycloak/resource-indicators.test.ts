import { afterEach, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { describeWithKeycloak, Keycloak } from './keycloak.js';
import { McpClient } from './mcp-client.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { planRealm } from './realm.js';
import { expectAsRecorded } from './recorded-answers.js';

describeWithKeycloak('resource indicators (experimental)', () => {
  let server: OrdersServer;

  afterEach(() => server.close());

  const start = async (clientId?: (resource: string) => string) => {
    server = await startOrdersServer({ plan: planRealm(Keycloak.experimental), ...(clientId && { clientId }) });
  };

  test("a server whose client is named as its resource: the SDK's token is good for it alone, and is exchanged", async () => {
    await start((resource) => resource);
    const { resource, realm, alice } = server;
    const client = new McpClient(new URL(resource), alice, { clientId: 'assistant', realm });
    await client.connect();
    expect(decodeJwt(client.accessToken).aud).toBe(resource);
    expect((await client.call('find_order')).structuredContent).toEqual({
      path: '/orders/1',
      subject: await alice.id(),
      audience: 'orders-api',
    });
    await client.close();
    const target = { audience: 'orders-api', resource: 'https://nowhere.example' };
    await expectAsRecorded(
      'an exchange with a resource that nobody knows',
      await realm.exchange(resource, client.accessToken, target),
    );
  });

  test('a server whose client is not: its resource is the only audience, so that Keycloak does not exchange', async () => {
    await start();
    const { resource, alice } = server;
    const token = await alice.token({ scope: 'orders:read', resource });
    expect(decodeJwt(token).aud).toBe(resource);
    await server.succeed(token, 'who_am_i');
    expect(await server.fail(token, 'find_order')).toContain('This server is not set up to call the orders API');
  });

  test('a resource that no client has: there is no token', async () => {
    await start();
    const attempt = server.alice.token({ scope: 'orders:read', resource: 'https://nowhere.example' });
    await expect(attempt).rejects.toMatchObject({ status: 400, error: 'invalid_target' });
  });
});

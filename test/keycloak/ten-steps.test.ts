import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { describeWithKeycloak } from './keycloak.js';
import { McpClient } from './mcp-client.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { expectTenSteps } from './ten-steps.js';

describeWithKeycloak('the ten steps, with the SDK for a client', () => {
  let server: OrdersServer;
  const clients: McpClient[] = [];

  beforeAll(async () => {
    server = await startOrdersServer();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server.close();
  });

  function clientOf(clientId?: string): McpClient {
    const client = new McpClient(
      new URL(server.resource),
      server.alice,
      clientId === undefined ? undefined : { clientId, realm: server.realm },
    );
    clients.push(client);
    return client;
  }

  test.each<[string, string | undefined]>([
    ['an administrator registered', 'assistant'],
    ['registered itself', undefined],
  ])('a client that %s calls the API for its user', async (_name, clientId) => {
    const { resource, origin, realm } = server;
    const client = clientOf(clientId);
    const subject = await server.alice.id();
    await client.connect();
    const order = await client.call('find_order');

    await expectTenSteps({
      ...{ client, order, subject, realm, origin, resource },
      api: server.api,
      clientId: server.clientId,
      scopes: ['orders:list', 'orders:read', 'orders:write'],
      isRegisteredByItself: clientId === undefined,
    });
    const token = decodeJwt(client.accessToken);
    expect([token.aud].flat().sort()).toEqual([resource, server.clientId].sort());
    expect(String(token.scope).split(' ').sort()).toEqual(
      ['offline_access', 'orders:list', 'orders:read', 'orders:write'].sort(),
    );
    expect(server.events.filter(({ type }) => type === 'token_exchanged').at(-1)).toMatchObject({
      caller: { issuer: realm.issuer, subject, clientId: client.clientId, appOnly: false },
      downstream: 'orders',
      audience: 'orders-api',
      scopes: ['orders.view'],
    });
    expect(server.log.lines.filter((line) => /^(error|warn|fatal)/.test(line))).toEqual([]);
  });
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { Exchange } from '../../sample/quickstart/walkthrough/http-trace.js';
import { describeWithKeycloak } from './keycloak.js';
import { McpClient } from './mcp-client.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';

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

    // 1 to 4: refused, told where to look, and what is there.
    const { requests } = client;
    const to = (url: string) => requests.filter((request) => request.url.href === url);
    const [refused, ...served] = to(resource);
    expect(refused).toMatchObject({ status: 401, withToken: false });
    const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
    expect(challengeOf(refused)).toBe(
      `Bearer scope="orders:list orders:read orders:write", resource_metadata="${metadata}"`,
    );
    expect(statuses(to(metadata))).toEqual([200]);
    const discoveries = requests.filter(({ url }) => url.href.includes('/.well-known/') && url.origin !== origin);
    expect(discoveries.at(-1)).toMatchObject({ status: 200 });

    // 5 and 6: a token for this server, with its scopes, got by a code and PKCE.
    expect(statuses(to(`${realm.issuer}/clients-registrations/openid-connect`))).toEqual(clientId ? [] : [201]);
    expect(statuses(to(`${realm.issuer}/protocol/openid-connect/token`))).toEqual([200]);
    const token = decodeJwt(client.accessToken);
    expect(token).toMatchObject({ iss: realm.issuer, sub: subject, azp: client.clientId });
    expect([token.aud].flat().sort()).toEqual([resource, server.clientId].sort());
    expect(String(token.scope).split(' ').sort()).toEqual(
      ['offline_access', 'orders:list', 'orders:read', 'orders:write'].sort(),
    );

    // 7: the call.
    expect(served).not.toEqual([]);
    expect(served.every(({ status, withToken }) => status === 200 && withToken)).toBe(true);
    expect(order.isError).toBeUndefined();

    // 8 to 10: another token, which the API can verify, and its answer.
    const presented = String(server.api.last.headers.authorization).replace(/^Bearer /, '');
    expect(presented).not.toBe(client.accessToken);
    const keys = createRemoteJWKSet(new URL(`${realm.issuer}/protocol/openid-connect/certs`));
    const { payload } = await jwtVerify(presented, keys, { issuer: realm.issuer, audience: 'orders-api' });
    expect(payload).toMatchObject({ aud: 'orders-api', azp: 'mcp-orders', sub: subject, scope: 'orders.view' });
    expect(order.structuredContent).toEqual({ path: '/orders/1', subject, audience: 'orders-api' });
    expect(server.events.filter(({ type }) => type === 'token_exchanged').at(-1)).toMatchObject({
      caller: { issuer: realm.issuer, subject, clientId: client.clientId, appOnly: false },
      downstream: 'orders',
      audience: 'orders-api',
      scopes: ['orders.view'],
    });
    expect(server.log.lines.filter((line) => /^(error|warn|fatal)/.test(line))).toEqual([]);
  });
});

function challengeOf(exchange: Exchange | undefined): string | null | undefined {
  return exchange?.headers.get('www-authenticate');
}

function statuses(exchanges: readonly Exchange[]): number[] {
  return exchanges.map(({ status }) => status);
}

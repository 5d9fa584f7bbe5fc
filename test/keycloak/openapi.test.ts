import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { dialects, McpOpenApi } from 'nestjs-mcp-auth';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { closeServer, listen, originOf } from '../../sample/quickstart/listen.js';
import { startOrdersApi } from '../../sample/quickstart/orders-api/orders-api.js';
import type { RequestEvent } from '../../sample/quickstart/orders-api/request-events.js';
import { message, post, toolCall, type ToolResult } from '../support/mcp-request.js';
import { describeWithKeycloak } from './keycloak.js';
import { McpClient } from './mcp-client.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { planRealm } from './realm.js';

const CONSENTED = 'http://127.0.0.1/consented';

/** Where the API is, once it runs. */
let apiUrl = '';

@McpOpenApi({
  downstream: 'orders',
  document: async () => (await fetch(`${apiUrl}/openapi.json`)).json() as Promise<object>,
})
class OrdersApi {}

describeWithKeycloak('the operations of an API that has an OpenAPI document', () => {
  let server: OrdersServer;
  let consentUrl: string;
  const requests: RequestEvent[] = [];
  const clients: McpClient[] = [];
  let closeApi: () => Promise<void>;

  beforeAll(async () => {
    const plan = planRealm();
    const apiServer = await listen(0);
    apiUrl = originOf(apiServer);
    const api: NestExpressApplication = await startOrdersApi({
      server: apiServer,
      audience: 'orders-api',
      issuer: plan.issuer,
      jwksUri: `${plan.issuer}/protocol/openid-connect/certs`,
      onRequest: (event) => requests.push(event),
    });
    closeApi = async () => {
      await api.close();
      await closeServer(apiServer);
    };
    const page = { client_id: 'mcp-orders', response_type: 'code', scope: 'orders:read', redirect_uri: CONSENTED };
    consentUrl = `${plan.issuer}/protocol/openid-connect/auth?${new URLSearchParams(page)}`;
    server = await startOrdersServer({
      plan,
      providers: [OrdersApi],
      orders: {
        baseUrl: apiUrl,
        audience: 'orders-api',
        scopes: ['orders:read', 'orders:write'],
        dialect: dialects.keycloak(),
        consentUrl,
      },
    });
    const { realm } = server;
    await realm.configureClient('mcp-orders', {
      attributes: { 'standard.token.exchange.enabled': 'true', 'access.token.header.type.rfc9068': 'true' },
      standardFlowEnabled: true,
      redirectUris: [CONSENTED],
    });
    for (const scope of ['orders:read', 'orders:write']) await realm.allowScope('mcp-orders', scope);
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server.close();
    await closeApi();
  });

  describe.each([
    ['auto', '2026-07-28'],
    ['legacy', '2025-11-25'],
  ] as const)('to the official client (%s)', (mode, revision) => {
    test('are tools, with the ten steps, and a step-up for writing', async () => {
      const { resource, origin, realm, alice } = server;
      const client = new McpClient(new URL(resource), alice, { clientId: 'assistant', realm }, mode);
      clients.push(client);
      const subject = await alice.id();

      // 1 to 6: refused, discovered, signed in for what reads.
      await client.connect();
      const [refused] = client.requests;
      expect(refused).toMatchObject({ status: 401, withToken: false });
      const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
      expect(refused?.headers.get('www-authenticate')).toBe(
        `Bearer scope="orders:read", resource_metadata="${metadata}"`,
      );
      expect(client.revision).toBe(revision);
      expect(scopesOf(client)).toEqual(['orders:read']);
      expect(await client.listTools()).toEqual(['cancelOrder', 'createOrder', 'findOrder', 'listOrders']);

      // Writing needs a scope more, which the user consents to.
      await client.signInFor(() => client.call('createOrder', { item: 'tea', quantity: 2 }));
      const stepUp = client.requests.find(({ status }) => status === 403);
      expect(stepUp?.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
      expect(stepUp?.headers.get('www-authenticate')).toContain('orders:write');
      expect(scopesOf(client)).toEqual(['orders:read', 'orders:write']);

      // 7 to 10: called, exchanged, and answered as the user.
      const created = await client.call('createOrder', { item: 'tea', quantity: 2 });
      expect(created.structuredContent).toMatchObject({ item: 'tea', quantity: 2, owner: subject });
      const { id } = created.structuredContent as { id: string };
      expect(requests.at(-1)).toMatchObject({ method: 'POST', path: '/orders', status: 201 });
      expect(requests.at(-1)?.claims).toMatchObject({ aud: 'orders-api', azp: 'mcp-orders', sub: subject });
      const found = await client.call('findOrder', { id });
      expect(found.structuredContent).toMatchObject({ id, owner: subject });
      expect(server.events.filter(({ type }) => type === 'token_exchanged').at(-1)).toMatchObject({
        caller: { issuer: realm.issuer, subject, clientId: 'assistant', appOnly: false },
        downstream: 'orders',
        audience: 'orders-api',
      });

      // What the API refuses for its own reasons is the model's to see.
      const missing = await client.call('findOrder', { id: '1001' });
      expect(missing.isError).toBe(true);
    });
  });

  test('end in the page of the realm where the user has not consented', async () => {
    const token = await server.alice.token({ scope: 'orders:read' });
    await server.realm.configureClient('mcp-orders', { consentRequired: true });
    const call = async () => {
      const body = toolCall('listOrders');
      const { _meta } = body.params as { _meta: Record<string, unknown> };
      _meta['io.modelcontextprotocol/clientCapabilities'] = { elicitation: { url: {} } };
      const response = await post(server.resource, body, { token });
      return ((await response.json()) as { result: ToolResult }).result;
    };

    expect(await call()).toMatchObject({
      resultType: 'input_required',
      inputRequests: { page: { method: 'elicitation/create', params: { mode: 'url', url: consentUrl } } },
    });
    expect((await server.alice.signIn(new URL(consentUrl))).href).toMatch(`${CONSENTED}?`);
    expect((await call()).isError).toBeUndefined();
    await server.realm.configureClient('mcp-orders', { consentRequired: false });
  });

  test('are refused to whoever has no token', async () => {
    const { status } = await post(server.resource, message('tools/call', { name: 'listOrders', arguments: {} }));

    expect(status).toBe(401);
  });
});

function scopesOf(client: McpClient): string[] {
  return String(decodeJwt(client.accessToken).scope)
    .split(' ')
    .filter((scope) => scope.startsWith('orders:'))
    .sort();
}

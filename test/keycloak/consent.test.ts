import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { message, post, textOf, type ToolResult } from '../support/mcp-request.js';
import { describeWithKeycloak, Keycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { planRealm } from './realm.js';
import { expectAsRecorded } from './recorded-answers.js';

const CONSENTED = 'http://127.0.0.1/consented';

describeWithKeycloak('a client whose users have to consent', () => {
  let server: OrdersServer;
  let consentUrl: string;

  beforeAll(async () => {
    const plan = planRealm(Keycloak.usual);
    // Keycloak's own page: users consent to the server's client, and not to the MCP client.
    const parameters = {
      client_id: 'mcp-orders',
      response_type: 'code',
      scope: 'orders.view',
      redirect_uri: CONSENTED,
    };
    consentUrl = `${plan.issuer}/protocol/openid-connect/auth?${new URLSearchParams(parameters)}`;
    server = await startOrdersServer({ plan, orders: { consentUrl } });
    await server.realm.configureClient('mcp-orders', {
      consentRequired: true,
      standardFlowEnabled: true,
      redirectUris: [CONSENTED],
    });
  });
  afterAll(() => server.close());
  afterEach(() => {
    server.events.length = 0;
  });

  /** Calls as a client that can, or cannot, open pages. */
  async function call(token: string, capabilities: object): Promise<ToolResult & Record<string, unknown>> {
    const body = message('tools/call', { name: 'find_order', arguments: {} });
    const { _meta } = body.params as { _meta: Record<string, unknown> };
    _meta['io.modelcontextprotocol/clientCapabilities'] = capabilities;
    const response = await post(server.resource, body, { token });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([200, null]);
    return ((await response.json()) as { result: ToolResult & Record<string, unknown> }).result;
  }

  test('the user is sent to the page of the realm, and the tool runs with the very same token', async () => {
    const token = await server.alice.token({ scope: 'orders:read' });
    const asked = await call(token, { elicitation: { url: {} } });
    expect(asked).toMatchObject({
      resultType: 'input_required',
      inputRequests: { page: { method: 'elicitation/create', params: { mode: 'url', url: consentUrl } } },
    });
    const told = await call(token, {});
    expect(told.isError).toBe(true);
    expect(textOf(told)).toContain(`You have not consented to calling the orders API yet.`);
    expect(textOf(told)).toContain(consentUrl);
    expect(server.events.find(({ type }) => type === 'token_exchange_failed')).toMatchObject({
      code: 'caller_consent_required',
    });
    expect(await server.faultOf('orders')).toBeUndefined();
    const target = { audience: 'orders-api', scope: 'orders.view' };
    await expectAsRecorded('a missing consent', await server.realm.exchange('mcp-orders', token, target));

    expect((await server.alice.signIn(new URL(consentUrl))).href).toMatch(`${CONSENTED}?`);
    expect(await call(token, { elicitation: { url: {} } })).toMatchObject({ structuredContent: { path: '/orders/1' } });
  });

  test('a consent that is taken back counts from the next exchange on', async () => {
    const subject = await server.alice.id();
    await server.realm.admin('DELETE', `/users/${subject}/consents/mcp-orders`);
    const token = await server.alice.token({ scope: 'orders:read' });
    expect(await call(token, { elicitation: { url: {} } })).toMatchObject({ resultType: 'input_required' });
  });
});

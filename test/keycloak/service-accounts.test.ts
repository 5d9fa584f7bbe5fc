import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeWithKeycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { planRealm } from './realm.js';
import { expectAsRecorded } from './recorded-answers.js';

describeWithKeycloak('a service account', () => {
  let server: OrdersServer;

  afterEach(() => server.close());

  /** A token that the client `reports` got for itself. */
  async function token(): Promise<string> {
    const { body } = await server.realm.asClient('reports', 'token', {
      grant_type: 'client_credentials',
      scope: 'orders:read',
    });
    return String(body.access_token);
  }

  test('is known for what it is, and nobody is acted for, although Keycloak would exchange its token', async () => {
    server = await startOrdersServer();
    const own = await token();
    expect(await server.succeed(own, 'who_am_i')).toMatchObject({
      structuredContent: { client: 'reports', appOnly: true },
    });
    expect(await server.fail(own, 'find_order')).toMatch(/user/);
    expect(server.api.requests).toEqual([]);
    expect(server.events.filter(({ type }) => type.startsWith('token_exchange'))).toEqual([]);
    expect(await server.faultOf('orders')).toBeUndefined();
    const target = { audience: 'orders-api', scope: 'orders.view' };
    await expectAsRecorded('a token of a service account', await server.realm.exchange('mcp-orders', own, target));
  });

  test('is known to a server that knows nothing but the issuer, also after an exchange, and a user is a user', async () => {
    const plan = planRealm();
    server = await startOrdersServer({ plan, options: { issuers: [{ issuer: plan.issuer }] } });
    const own = await token();
    await server.realm.configureClient('reports', { attributes: { 'standard.token.exchange.enabled': 'true' } });
    const exchanged = await server.realm.exchange('reports', own, { scope: 'orders:read' });
    expect(exchanged.status).toBe(200);
    for (const one of [own, String(exchanged.body.access_token)]) {
      expect(await server.succeed(one, 'who_am_i')).toMatchObject({ structuredContent: { appOnly: true } });
      expect(await server.fail(one, 'of_users')).toMatch(/user/);
    }
    const ofAlice = await server.alice.token({ scope: 'orders:read' });
    expect(await server.succeed(ofAlice, 'of_users')).toMatchObject({ content: [{ text: 'done' }] });
    expect(await server.succeed(ofAlice, 'who_am_i')).toMatchObject({ structuredContent: { appOnly: false } });
  });

  describe("gets the server's own authority where the downstream says so", () => {
    beforeEach(async () => {
      server = await startOrdersServer({ orders: { onAppOnly: 'clientCredentials' } });
    });

    test('and the client has a service account', async () => {
      await server.realm.configureClient('mcp-orders', { serviceAccountsEnabled: true });
      await server.succeed(await token(), 'find_order');
      expect(server.api.last.claims).toMatchObject({ azp: 'mcp-orders', scope: 'orders.view' });
      // Keycloak heeds no `audience` here: the token has those of all default client scopes.
      expect(server.api.last.claims?.aud).toEqual(expect.arrayContaining(['orders-api', 'https://id.partner.example']));
      expect(await server.faultOf('orders')).toBeUndefined();
    });

    test('or the operator is told that it has none', async () => {
      await server.fail(await token(), 'find_order');
      expect(server.api.requests).toEqual([]);
      expect(await server.faultOf('orders')).toBe('client_rejected');
      const form = { grant_type: 'client_credentials', audience: 'orders-api', scope: 'orders.view' };
      await expectAsRecorded('no service account', await server.realm.asClient('mcp-orders', 'token', form));
    });
  });
});

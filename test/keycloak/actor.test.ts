import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import { describeWithKeycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { expectAsRecorded } from './recorded-answers.js';
import { User } from './user.js';

describeWithKeycloak('delegation, which this release does not have', () => {
  let server: OrdersServer;

  beforeAll(async () => {
    const dialect = dialects.keycloak({ actor: { token: 'not even a token' } });
    server = await startOrdersServer({ orders: { dialect } });
  });
  afterAll(() => server.close());

  test('Keycloak does not look at the actor: the API is not called as if there had been none', async () => {
    const token = await server.alice.token({ scope: 'orders:read' });
    expect(await server.fail(token, 'find_order')).toContain(
      'This server is not set up to call the orders API for you.',
    );
    expect(server.api.requests).toEqual([]);
    expect(await server.faultOf('orders')).toBeUndefined();
    await server.fail(await new User(server.realm, 'bob').token({ scope: 'orders:read' }), 'find_order');
    expect(await server.faultOf('orders')).toBe('exchange_answer_unusable');
    const actor = {
      actor_token: 'not even a token',
      actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    };
    await expectAsRecorded(
      'an actor, where there is no delegation',
      await server.realm.exchange('mcp-orders', token, { audience: 'orders-api', ...actor }),
    );
  });
});

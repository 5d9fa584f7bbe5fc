import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWithKeycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { expectAsRecorded } from './recorded-answers.js';
import { User } from './user.js';

describeWithKeycloak('a standard token exchange', () => {
  let server: OrdersServer;

  beforeAll(async () => {
    server = await startOrdersServer();
  });
  afterAll(() => server.close());
  afterEach(() => {
    server.events.length = 0;
    server.api.requests.length = 0;
  });

  const audited = () => server.events.filter(({ type }) => type.startsWith('token_exchange'));

  describe('what the API gets', () => {
    test('is good for it alone, is of the user, and has the scope that is declared', async () => {
      const token = await server.alice.token({ scope: 'orders:read orders:write' });
      const { result } = await server.call(token, 'find_order');
      expect(result).toMatchObject({ structuredContent: { subject: await server.alice.id(), audience: 'orders-api' } });
      const { claims } = server.api.last;
      expect(claims).toMatchObject({ aud: 'orders-api', azp: 'mcp-orders', scope: 'orders.view', typ: 'Bearer' });
      const answer = await server.realm.exchange('mcp-orders', token, { audience: 'orders-api', scope: 'orders.view' });
      await expectAsRecorded('a token', answer);
    });

    test('has the audience that an optional client scope brings', async () => {
      const token = await server.alice.token({ scope: 'orders:write' });
      expect(await server.succeed(token, 'book_order')).toMatchObject({
        structuredContent: { path: '/ledger', audience: 'ledger-api' },
      });
      expect(server.api.last.claims).toMatchObject({ scope: 'ledger.book' });
      const unnamed = await server.realm.exchange('mcp-orders', token, { audience: 'ledger-api' });
      await expectAsRecorded('an audience of an optional client scope that was not asked for', unnamed);
    });

    test('is exchanged once for a token, and never shared between users', async () => {
      const bob = new User(server.realm, 'bob');
      const [ofAlice, ofBob] = [
        await server.alice.token({ scope: 'orders:read' }),
        await bob.token({ scope: 'orders:read' }),
      ];
      for (const token of [ofAlice, ofBob, ofAlice, ofBob]) await server.call(token, 'find_order');
      const [alice, other] = [await server.alice.id(), await bob.id()];
      expect(server.api.requests.map(({ claims }) => claims?.sub)).toEqual([alice, other, alice, other]);
      expect(audited().map(({ caller, type }) => [caller?.subject, type])).toEqual([
        [alice, 'token_exchanged'],
        [other, 'token_exchanged'],
      ]);
    });
  });

  /** What a call of a tool ends with where there is no token for its downstream. */
  async function refused(tool: string, scope: string) {
    const token = await server.alice.token({ scope });
    const logged = server.log.lines.length;
    const text = await server.fail(token, tool);
    expect(server.api.requests).toEqual([]);
    expect(audited()).toEqual([expect.objectContaining({ type: 'token_exchange_failed' })]);
    const [event] = audited();
    return {
      token,
      text,
      code: event?.type === 'token_exchange_failed' ? event.code : undefined,
      log: server.log.lines.slice(logged),
    };
  }

  /** What fails for one user may be about that user. It is a fault of the server once it fails for another one. */
  async function failForAnother(tool: string, scope = 'orders:read'): Promise<void> {
    await server.fail(await new User(server.realm, 'bob').token({ scope }), tool);
  }

  describe('what the operator has to mend is told to the operator, and nobody is asked to sign in again', () => {
    test.each<[string, string, string, string, Record<string, string>]>([
      [
        'an audience that no client scope has',
        'read_archive',
        'archive',
        'exchange_misconfigured',
        { audience: 'archive-api' },
      ],
      ['an audience that is no client', 'read_ghost', 'ghost', 'target_unknown', { audience: 'ghost-api' }],
      ['the client is not in `aud`', 'list_orders', 'orders', 'exchange_misconfigured', { audience: 'orders-api' }],
      [
        'a scope that the client does not have',
        'read_misspelt',
        'misspelt',
        'exchange_misconfigured',
        { audience: 'orders-api', scope: 'orders.veiw' },
      ],
    ])('%s', async (name, tool, downstream, code, parameters) => {
      const scope = tool === 'list_orders' ? 'orders:list' : 'orders:read';
      expect(await server.faultOf(downstream)).toBeUndefined();
      const call = await refused(tool, scope);
      expect(call.text).toContain(`This server is not set up to call the ${downstream} API for you.`);
      expect(call.code).toBe(code);
      expect(call.log).toEqual([expect.stringMatching(/^error /)]);
      expect(await server.faultOf(downstream)).toBeUndefined();
      await failForAnother(tool, scope);
      expect(await server.faultOf(downstream)).toBe(code);
      await expectAsRecorded(name, await server.realm.exchange('mcp-orders', call.token, parameters));
      if (downstream !== 'orders') return;
      await server.succeed(await server.alice.token({ scope: 'orders:read' }), 'find_order');
      expect(await server.faultOf(downstream)).toBeUndefined();
    });

    const exchangeOn = (enabled: boolean) => ({ attributes: { 'standard.token.exchange.enabled': String(enabled) } });

    test.each<[string, string, string, object, object | 'secret']>([
      [
        'token exchange is off for the client',
        'exchange_misconfigured',
        'mcp-orders',
        exchangeOn(false),
        exchangeOn(true),
      ],
      ['the client is disabled', 'client_rejected', 'mcp-orders', { enabled: false }, { enabled: true }],
      ['a wrong secret', 'client_rejected', 'mcp-orders', { secret: 'another-secret-of-this-client' }, 'secret'],
      ['the client of the API is disabled', 'target_unknown', 'orders-api', { enabled: false }, { enabled: true }],
    ])('%s, until it is mended', async (name, code, clientId, fault, repair) => {
      const { realm } = server;
      await realm.configureClient(clientId, fault);
      const call = await refused('find_order', 'orders:read');
      expect(call.text).toContain('This server is not set up to call the orders API for you.');
      expect(call.code).toBe(code);
      expect(call.log).toEqual([expect.stringMatching(/^error /)]);
      // The credentials of the server are about no user.
      expect(await server.faultOf('orders')).toBe(code === 'client_rejected' ? code : undefined);
      await failForAnother('find_order');
      expect(await server.faultOf('orders')).toBe(code);
      await expectAsRecorded(name, await realm.exchange('mcp-orders', call.token, { audience: 'orders-api' }));

      await (repair === 'secret' ? realm.restoreSecret(clientId) : realm.configureClient(clientId, repair));
      const token = await server.alice.token({ scope: 'orders:read' });
      await server.succeed(token, 'find_order');
      expect(await server.faultOf('orders')).toBeUndefined();
    });
  });
});

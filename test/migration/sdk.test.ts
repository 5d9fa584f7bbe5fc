import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { OrdersModule } from '../../sample/migration/sdk/after/orders.module.js';
import { createOrdersApp } from '../../sample/migration/sdk/before/sdk-1/orders-app.js';
import { createOrdersModule } from '../../sample/migration/sdk/before/sdk-2/orders.module.js';
import { CALLS } from '../../sample/migration/sdk/calls.js';
import { compareCalls, type Answers } from './compare-calls.js';
import { MigrationStates, type Era } from './migration-states.js';

type Changed<State extends string> = Partial<Record<keyof typeof CALLS, Answers<State>>>;

const refusal = (...scopes: string[]) => ({ status: 403, error: 'insufficient_scope', scopes });
const badToken = (...scopes: string[]) => ({ status: 401, error: 'invalid_token', scopes });
const failure = (text: unknown) => ({ text, isError: true });
const orderFor = (audience: unknown) => ({ id: '7', item: 'chair', status: 'open', caller: 'alice', audience });

const ORDER = { id: '7', item: 'chair', status: 'open' };
const FOUND = { text: JSON.stringify(ORDER), structuredContent: ORDER };
const CANCELLED = { heard: expect.arrayContaining([{ message: 'Cancel order 7?' }]), text: 'Order 7 is cancelled' };

/** The API sees a token for the server before, and a token for itself after. */
const TRACKED = {
  before: { text: expect.stringMatching(/"caller":"alice","audience":"http:[^"]*\/mcp"/) },
  after: { text: JSON.stringify(orderFor('orders-api')), structuredContent: orderFor('orders-api') },
};
const UNEXPECTED = {
  before: failure('connect ECONNREFUSED 10.0.0.7:5432'),
  after: failure(
    expect.stringMatching(/^bill_order failed, for a reason that is not shown here\. Reference for support: /),
  ),
};
const BAD_ARGUMENTS = failure(expect.stringMatching(/^Invalid arguments for find_order:\n- id: /));
const UNKNOWN_TOOL = { code: -32602, message: 'Unknown tool: purge_orders' };

/** What has changed, and is on the page. Everything else is what it was. */
const CHANGED_FROM_1: Changed<'before' | 'after'> = {
  'a tool that calls the API': TRACKED,
  'an error that nobody expected': UNEXPECTED,
  'no token': {
    before: badToken('orders:read', 'orders:write'),
    after: { status: 401, scopes: ['orders:read'] },
  },
  'a token for another server': {
    before: badToken('orders:read', 'orders:write'),
    after: badToken('orders:read'),
  },
  'a token with the scope of the tool alone': { before: refusal('orders:read', 'orders:write'), after: FOUND },
  'a token without the scope of the tool': {
    before: refusal('orders:read', 'orders:write'),
    after: refusal('orders:write'),
  },
  'a token without scopes': {
    before: refusal('orders:read', 'orders:write'),
    after: { text: 'alice, with test-client' },
  },
  'a tool that is not there': {
    before: failure('MCP error -32602: Tool purge_orders not found'),
    after: UNKNOWN_TOOL,
  },
  'arguments that do not fit': {
    before: failure(expect.stringMatching(/^MCP error -32602: Input validation error: Invalid arguments for tool /)),
    after: BAD_ARGUMENTS,
  },
};

const CHANGED_FROM_2: Changed<'before' | 'after'> = {
  'a question to the user': {
    // Without a session, the SDK cannot ask clients of 2025-11-25.
    before: (era: Era) =>
      era === '2026-07-28'
        ? CANCELLED
        : { heard: [], ...failure(expect.stringMatching(/^Cannot request input 'confirmation'/)) },
    after: CANCELLED,
  },
  'a tool that calls the API': TRACKED,
  'an error that nobody expected': UNEXPECTED,
  'no token': { before: badToken('orders:read'), after: { status: 401, scopes: ['orders:read'] } },
  'a token without scopes': { before: refusal('orders:read'), after: { text: 'alice, with test-client' } },
  'a tool that is not there': {
    before: { code: -32602, message: 'Tool purge_orders not found' },
    after: UNKNOWN_TOOL,
  },
  'arguments that do not fit': {
    before: failure(expect.stringMatching(/^Input validation error: Invalid arguments for tool find_order: id: /)),
    after: BAD_ARGUMENTS,
  },
};

const ERAS_OF_2 = { express: ['2025-11-25', '2026-07-28'], fastify: ['2026-07-28'] } as const;

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let servers: MigrationStates<'sdk-1' | 'sdk-2' | 'after'>;

  beforeAll(async () => {
    servers = await MigrationStates.start(platform, {
      'sdk-1': { bare: createOrdersApp },
      'sdk-2': { nest: (options) => ({ module: createOrdersModule(options) }) },
      after: { nest: (options) => ({ module: OrdersModule.forRoot(options) }) },
    });
  });
  afterAll(() => servers.close());

  describe('from the SDK 1.x', () => {
    compareCalls(CALLS, CHANGED_FROM_1, ['before', 'after'], ['2025-11-25'], (state, call, era) =>
      servers.ask(state === 'before' ? 'sdk-1' : state, call, era),
    );

    test('clients of 2026-07-28 are served', async () => {
      const call = CALLS['who the server is'];
      expect(await servers.ask('sdk-1', call, '2026-07-28')).toMatchObject({ code: 'ERA_NEGOTIATION_FAILED' });
      expect(await servers.ask('after', call, '2026-07-28')).toMatchObject({ name: 'orders' });
    });

    test('a client goes on with the session that it has, and the server keeps none', async () => {
      const scopes = ['orders:read', 'orders:write'];
      const connect = async (state: 'sdk-1' | 'after', sessionId?: string) => {
        const headers = { authorization: `Bearer ${await servers.token(state, { scopes })}` };
        const transport = new StreamableHTTPClientTransport(new URL(servers.url(state)), {
          requestInit: { headers },
          ...(sessionId !== undefined && { sessionId }),
        });
        const client = new Client({ name: 'client', version: '1.0.0' });
        await client.connect(transport);
        return { client, transport };
      };
      const before = await connect('sdk-1');
      const { sessionId } = before.transport;
      expect(sessionId).toMatch(/^[\w-]{36}$/);
      const after = await connect('after', sessionId);
      const { content } = await after.client.callTool({ name: 'whoami' });
      expect(content).toEqual([{ type: 'text', text: 'alice, with test-client' }]);
      await Promise.all([before.client.close(), after.client.close()]);
    });
  });

  describe('from the SDK 2.x', () => {
    compareCalls(CALLS, CHANGED_FROM_2, ['before', 'after'], ERAS_OF_2[platform], (state, call, era) =>
      servers.ask(state === 'before' ? 'sdk-2' : state, call, era),
    );
  });
});

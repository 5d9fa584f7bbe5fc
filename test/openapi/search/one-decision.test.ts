import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/client';
import { connectInMemory } from 'nestjs-mcp-auth';
import { Telemetry } from '../../observability/telemetry.js';
import { message, post, toolCall } from '../../support/mcp-request.js';
import { sendJson } from '../../support/test-issuer.js';
import { asked, startShop, type ShopServer } from './shop-server.js';

type Spelling = (name: string, args: Record<string, unknown>) => Record<string, unknown>;

/** The two ways to call an operation. */
const SPELLINGS = {
  'by its name': (name, args) => toolCall(name, args),
  'through call_operation': (name, args) => toolCall('call_operation', { name, arguments: args }),
} satisfies Record<string, Spelling>;

interface Case {
  readonly name: string;
  readonly args?: Record<string, unknown>;
  /** Scope of the token; without one there is no token. */
  readonly scope?: string;
  readonly token?: string;
  /** What the answer has to have in it. */
  readonly status: number;
  readonly text?: string;
  readonly challenge?: string;
  readonly event?: string;
}

const CASES: Record<string, Case> = {
  'an allowed call': {
    name: 'getOrder',
    args: { id: '7' },
    scope: 'orders:read',
    status: 200,
    text: '/v1/orders/7',
    event: 'operation_allowed',
  },
  'an operation that is listed, too': {
    name: 'listOrders',
    scope: 'orders:read',
    status: 200,
    event: 'operation_allowed',
  },
  'a curated operation': {
    name: 'createOrder',
    args: { item: 'tea' },
    scope: 'orders:write',
    status: 200,
    event: 'operation_allowed',
  },
  'no token': { name: 'deleteOrder', args: { id: '7' }, status: 401, challenge: 'scope="orders:admin"' },
  'a bad token': { name: 'deleteOrder', token: 'x', status: 401, challenge: 'invalid_token', event: 'token_rejected' },
  'too few scopes': {
    name: 'deleteOrder',
    args: { id: '7' },
    scope: 'orders:read',
    status: 403,
    challenge: 'scope="orders:admin"',
    event: 'operation_denied',
  },
  'a policy that denies': {
    name: 'getOrder',
    args: { id: '13' },
    scope: 'orders:read',
    status: 200,
    text: 'Thirteen brings bad luck.',
    event: 'operation_denied',
  },
  'invalid arguments': { name: 'getOrder', args: { id: 7 }, scope: 'orders:read', status: 200, text: 'for getOrder:' },
  'missing arguments': { name: 'getOrder', scope: 'orders:read', status: 200, text: 'Invalid arguments for getOrder' },
  'an API that refuses the user': { name: 'getExchangeRate', args: { id: 'EUR' }, scope: 'orders:read', status: 200 },
};

/** What differs from call to call, and what tells the way of the call. */
function normalize(text: string): string {
  return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>').replace(/,"through":"call_operation"/g, '');
}

describe.each(['express', 'fastify'] as const)(
  'an operation is decided alike, however it is called, on %s',
  (platform) => {
    let server: ShopServer;

    beforeAll(async () => {
      server = await startShop(platform, { calls: { timeoutMs: 60_000 } });
      server.orders.answers.set('/v1/rates/EUR', (_request, response) => {
        sendJson(response, 403, { error: 'no' });
      });
    });
    beforeEach(() => {
      asked.length = 0;
      server.events.length = 0;
      server.orders.requests.length = 0;
    });
    afterAll(() => server.close());

    async function run(call: Case, spell: Spelling, subject: string) {
      asked.length = 0;
      server.events.length = 0;
      server.orders.requests.length = 0;
      const { name, args = {}, scope } = call;
      const token = scope === undefined ? call.token : await server.token({ sub: subject, scope });
      const response = await post(server.resource, spell(name, args), { token });
      const events = server.events.map(({ time: _time, correlationId: _id, ...event }) => event);
      return {
        status: response.status,
        challenge: response.headers.get('www-authenticate'),
        text: normalize(await response.text()),
        events: JSON.parse(normalize(JSON.stringify(events))) as { type: string; operation?: { name: string } }[],
        asked: [...asked],
        requests: server.orders.requests.map(({ method, path, body }) => ({ method, path, body })),
      };
    }

    test.each(Object.entries(CASES))('%s', async (title, one) => {
      const [named, through] = [
        await run(one, SPELLINGS['by its name'], title),
        await run(one, SPELLINGS['through call_operation'], title),
      ];

      // The second call may find the token that the first one has exchanged.
      const strip = ({ events, ...rest }: typeof named) => ({
        ...rest,
        events: events.filter(({ type }) => type !== 'token_exchanged'),
      });
      expect(strip(through)).toStrictEqual(strip(named));
      expect(through.status).toBe(one.status);
      expect(through.text).toContain(one.text ?? '');
      expect(through.challenge ?? '').toContain(one.challenge ?? '');
      const types = through.events.map(({ type, operation }) => `${type} ${operation?.name}`);
      if (one.event !== undefined) expect(types).toContain(`${one.event} ${one.name}`);
    });

    test('guards and policies of the class are asked about the operation', async () => {
      await run(CASES['an allowed call'] as Case, SPELLINGS['through call_operation'], 'guarded');

      expect(asked).toStrictEqual(['policy getOrder', 'guard getOrder']);
    });

    test('its audit events and its exchange tell that it came through call_operation', async () => {
      const token = await server.token({ sub: 'audited', scope: 'orders:read' });

      await post(server.resource, toolCall('call_operation', { name: 'getOrder', arguments: { id: '7' } }), { token });

      expect(server.events.map(({ type, operation }) => [type, operation])).toStrictEqual(
        ['token_exchanged', 'operation_allowed'].map((type) => [
          type,
          { method: 'tools/call', name: 'getOrder', through: 'call_operation' },
        ]),
      );
    });

    test('its rate limit counts both ways of calling, for itself alone', async () => {
      const token = await server.token({ sub: 'busy', scope: 'orders:read' });
      const statuses: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        for (const spell of Object.values(SPELLINGS))
          statuses.push((await post(server.resource, spell('getOrder', { id: '7' }), { token })).status);
      }
      const other = await post(server.resource, SPELLINGS['through call_operation']('listOrders', {}), { token });

      expect(statuses).toStrictEqual([...Array<number>(8).fill(200), 429, 429]);
      expect(other.status).toBe(200);
    });

    test.each(['modern', 'legacy'] as const)('in memory, in the %s era', async (era) => {
      const mode = era === 'modern' ? { pin: '2026-07-28' } : 'legacy';
      const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } as never });
      const token = await server.token({ sub: `memory ${era}`, scope: 'orders:read' });
      await client.connect(connectInMemory(server.app, { token }));

      const result = await client.callTool({
        name: 'call_operation',
        arguments: { name: 'getOrder', arguments: { id: '7' } },
      });
      const refused = client.callTool({
        name: 'call_operation',
        arguments: { name: 'deleteOrder', arguments: { id: '7' } },
      });

      await expect(refused).rejects.toThrow(/insufficient_scope.*orders:admin/);
      expect(result.structuredContent).toMatchObject({ path: '/v1/orders/7', subject: `memory ${era}` });
      await client.close();
    });

    test('as a task, which needs what the operation needs', async () => {
      const meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
      };
      const ask = async (method: string, params: Record<string, unknown>, scope: string) => {
        const token = await server.token({ sub: 'tasked', scope });
        const body = message(method, params) as { params: object };
        const headers = { 'mcp-name': (params.taskId ?? params.name) as string };
        return await post(server.resource, { ...body, params: { ...body.params, _meta: meta } }, { token, headers });
      };
      const call = { name: 'call_operation', arguments: { name: 'createOrder', arguments: { item: 'tea' } } };

      const begun = (await (await ask('tools/call', call, 'orders:write')).json()) as { result: { taskId: string } };
      const { taskId } = begun.result;
      const polled = await ask('tasks/get', { taskId }, 'orders:write');
      const refused = await ask('tasks/get', { taskId }, 'orders:read');

      expect(await polled.text()).toContain(taskId);
      expect(refused.status).toBe(403);
      expect(refused.headers.get('www-authenticate')).toContain('orders:write');
    });

    test.each<[string, Record<string, string>, number]>([
      ['the tool that is called', { 'mcp-name': 'call_operation' }, 200],
      ['the operation', { 'mcp-name': 'getOrder' }, 400],
    ])('headers say the name of %s', async (_what, headers, status) => {
      const token = await server.token({ sub: `headers ${status}`, scope: 'orders:read' });
      const body = toolCall('call_operation', { name: 'getOrder', arguments: { id: '7' } });

      const response = await post(server.resource, body, { token, headers });

      expect(response.status).toBe(status);
    });

    describe('in spans', () => {
      const telemetry = new Telemetry();
      beforeAll(() => {
        telemetry.register();
      });
      afterAll(() => telemetry.unregister());

      test('and metrics it has its own name', async () => {
        const token = await server.token({ sub: 'traced', scope: 'orders:read' });

        await post(server.resource, toolCall('call_operation', { name: 'getOrder', arguments: { id: '7' } }), {
          token,
        });

        const span = await telemetry.request();
        const durations = await telemetry.counted('mcp.server.operation.duration');
        expect(span.name).toBe('tools/call getOrder');
        expect(span.attributes).toMatchObject({ 'gen_ai.tool.name': 'getOrder', 'mcp.tool.through': 'call_operation' });
        expect(durations.map(([attributes]) => attributes)).toStrictEqual([
          { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'getOrder' },
        ]);
      });
    });
  },
);

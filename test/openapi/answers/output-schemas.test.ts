import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { startAnswerServer, type Answer, type AnswerServer } from './answer-server.js';

/** What the tests see of a client, which refuses results that do not fit the schema that it was told. */
interface ConnectedClient {
  readonly schemas: ReadonlyMap<string, unknown>;
  call(name: string): Promise<{ structuredContent?: unknown; isError?: boolean | undefined; content: unknown }>;
  close(): Promise<void>;
}

const headersFor = (token: string) => ({ requestInit: { headers: { authorization: `Bearer ${token}` } } });

async function connectV2(mode: 'legacy' | { pin: string }, url: string, token: string): Promise<ConnectedClient> {
  const client = new Client({ name: 'v2', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), headersFor(token)));
  const { tools } = await client.listTools();
  return {
    schemas: new Map(tools.map((tool) => [tool.name, tool.outputSchema])),
    call: async (name) => await client.callTool({ name, arguments: {} }),
    close: () => client.close(),
  };
}

async function connectV1(url: string, token: string): Promise<ConnectedClient> {
  const client = new ClientV1({ name: 'v1', version: '1.0.0' });
  await client.connect(new TransportV1(new URL(url), headersFor(token)) as never);
  const { tools } = await client.listTools();
  return {
    schemas: new Map(tools.map((tool) => [tool.name, tool.outputSchema])),
    call: async (name) => (await client.callTool({ name, arguments: {} })) as never,
    close: () => client.close(),
  };
}

const CLIENTS = [
  ['1.x', connectV1],
  ['2.x, 2025-11-25', (url: string, token: string) => connectV2('legacy', url, token)],
  ['2.x, 2026-07-28', (url: string, token: string) => connectV2({ pin: '2026-07-28' }, url, token)],
] as const;

const components = {
  schemas: {
    Order: {
      type: 'object',
      required: ['id', 'secret', '@type'],
      properties: {
        id: { type: 'integer' },
        '@type': { type: 'string' },
        secret: { type: 'string', writeOnly: true },
        parts: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
        map: { type: 'object', additionalProperties: { type: 'integer' } },
      },
      additionalProperties: false,
    },
  },
};

const json = (schema: unknown) => ({ description: 'ok', content: { 'application/json': { schema } } });
const order = { $ref: '#/components/schemas/Order' };

const paths = {
  '/order': { get: { operationId: 'getOrder', responses: { 200: json(order), '4XX': json(order) } } },
  '/orders': { get: { operationId: 'listOrders', responses: { '2XX': json({ type: 'array', items: order }) } } },
  '/change': { post: { operationId: 'change', responses: { 200: json(order), 204: { description: 'Done' } } } },
  '/any': { get: { operationId: 'getAny', responses: { 200: json({ description: 'Anything' }) } } },
  '/either': { get: { operationId: 'getEither', responses: { 200: json({ type: ['object', 'null'] }) } } },
  '/number': { get: { operationId: 'getNumber', responses: { 200: json({ type: ['integer', 'null'] }) } } },
  '/lost': {
    get: { operationId: 'getLost', responses: { 200: { $ref: '#/components/responses/Nowhere' }, 201: json(order) } },
  },
  '/default': { get: { operationId: 'getDefault', responses: { default: json(order) } } },
  '/text': {
    get: { operationId: 'getText', responses: { 200: { description: 'ok', content: { 'text/plain': {} } } } },
  },
};

const jsonType = { 'content-type': 'application/json' };
const good = { id: 7, '@type': 'order' };
const orders = (count: number) => Array.from({ length: count }, (_one, id) => ({ ...good, id }));

/** What is answered, and where it does not fit the document. Empty if it fits. */
const ANSWERS: readonly (readonly [
  what: string,
  tool: string,
  path: string,
  answer: Answer,
  sent: unknown,
  mismatch: string,
])[] = [
  ['what fits', 'getOrder', 'order', { body: good }, good, ''],
  ['a list that fits', 'listOrders', 'orders', { body: [good] }, { result: [good] }, ''],
  ['204', 'change', 'change', { status: 204 }, { status: 204 }, ''],
  ['what fits `default`', 'getDefault', 'default', { body: good }, good, ''],
  ['no JSON', 'getText', 'text', { headers: { 'content-type': 'text/plain' }, body: 'Hi' }, undefined, ''],
  ['any object', 'getAny', 'any', { body: good }, good, ''],
  ['anything else', 'getAny', 'any', { body: [7] }, { result: [7] }, ''],
  ['an object that may be null', 'getEither', 'either', { body: good }, good, ''],
  ['null in place of an object', 'getEither', 'either', { headers: jsonType, body: 'null' }, { result: null }, ''],
  ['a number that may be null', 'getNumber', 'number', { headers: jsonType, body: 'null' }, { result: null }, ''],
  ['what fits a response beside a lost one', 'getLost', 'lost', { body: good }, good, ''],
  [
    'a text that is cut',
    'getAny',
    'any',
    { headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(1_500) },
    { leftOut: '500 characters in 1 lines are left out.', result: 'x'.repeat(1_000) },
    '',
  ],
  [
    'what has too many levels',
    'getAny',
    'any',
    { headers: jsonType, body: '['.repeat(100) + ']'.repeat(100) },
    { leftOut: 'The answer has too many levels, and is in the text alone.' },
    '',
  ],
  [
    'a wrong type',
    'getOrder',
    'order',
    { body: { ...good, id: 'not-a-number' } },
    { ...good, id: 'not-a-number' },
    'data/id must be integer',
  ],
  [
    'a wrong type in a map',
    'getOrder',
    'order',
    { body: { ...good, map: { 'bob@mail.example': 'x' } } },
    { ...good, map: { 'bob@mail.example': 'x' } },
    'data/map/* must be integer',
  ],
  [
    'a wrong item',
    'listOrders',
    'orders',
    { body: [good, {}] },
    { result: [good, {}] },
    'data/result/1 must have required property',
  ],
  [
    'a text',
    'getOrder',
    'order',
    { headers: { 'content-type': 'text/plain' }, body: 'Hi' },
    { result: 'Hi' },
    'data must have',
  ],
  ['nothing', 'getOrder', 'order', { status: 204 }, { status: 204 }, 'data must have'],
];

describe.each(['declared', 'enforced'] as const)('a schema of answers that is %s', (schema) => {
  let server: AnswerServer;

  beforeAll(async () => {
    server = await startAnswerServer({ paths, components, answers: { schema, maxSize: 2_000 } });
  });
  afterAll(() => server.close());

  describe.each(CLIENTS)('with the official client %s', (_version, connect) => {
    let client: ConnectedClient;

    beforeAll(async () => {
      client = await connect(server.resource, await server.token());
    });
    afterAll(() => client.close());

    test('is offered where the document has one', () => {
      const { schemas } = client;

      expect(schemas.get('getText')).toBeUndefined();
      expect(schemas.get('getOrder')).toMatchObject({ type: 'object' });
      expect(JSON.stringify(schemas.get('getOrder'))).toContain('"@type"');
      expect(JSON.stringify(schemas.get('getOrder'))).not.toContain('secret');
    });

    test.each(ANSWERS)('%s', async (_what, tool, path, answer, sent, mismatch) => {
      await server.answer(tool, `/v1/${path}`, answer);
      server.log.lines.length = 0;

      const result = await client.call(tool);

      const isRefused = schema === 'enforced' && mismatch !== '';
      expect(result.structuredContent).toStrictEqual(isRefused ? undefined : sent);
      expect(result.isError ?? false).toBe(isRefused);
      expect(server.log.text).toContain(mismatch);
      expect(server.log.text.includes('does not fit its document')).toBe(mismatch !== '');
      expect(server.log.text).not.toMatch(/not-a-number|mail\.example/);
    });

    test('what is left out', async () => {
      await server.answer('listOrders', '/v1/orders', { body: orders(100) });

      const result = await client.call('listOrders');

      expect(result.structuredContent).toMatchObject({ leftOut: expect.stringContaining('of 100 items') as unknown });
      expect(result.isError ?? false).toBe(false);
    });

    test('a refusal', async () => {
      await server.answer('getOrder', '/v1/order', { status: 404, body: good });

      const result = await client.call('getOrder');

      expect(result).toMatchObject({ isError: true });
      expect(result.structuredContent).toBeUndefined();
    });
  });
});

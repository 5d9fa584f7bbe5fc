import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { post, textOf, toolCall } from '../../support/mcp-request.js';
import { startAnswerServer, type Answer, type AnswerServer } from './answer-server.js';

const problem = { 'content-type': 'application/problem+json' };
const json = { 'content-type': 'application/json' };

const components = {
  schemas: {
    Fault: {
      type: 'object',
      properties: {
        error: {
          type: 'object',
          properties: { code: { type: 'string' }, message: { type: 'string' }, stackTrace: { type: 'string' } },
        },
        fields: { type: 'array', items: { $ref: '#/components/schemas/FieldFault' } },
      },
    },
    Odd: {
      allOf: [
        { $ref: '#/components/schemas/Odd' },
        { $ref: '#/components/schemas/Nowhere' },
        { properties: { code: { type: 'integer' } } },
      ],
      properties: {
        any: true,
        flag: { type: 'boolean' },
        nothing: { type: 'null' },
        list: { type: 'array' },
        deep: { $ref: '#/components/schemas/Odd' },
      },
    },
    FieldFault: { type: 'object', properties: { field: { type: 'string' }, problem: { type: 'string' } } },
  },
  responses: {
    Fault: {
      description: 'A fault',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Fault' } } },
    },
  },
};

const refusal = (schema: unknown) => ({ description: 'A fault', content: { 'application/json': { schema } } });

const paths = {
  '/orders': {
    post: {
      operationId: 'createOrder',
      responses: { 201: { description: 'The order' }, '4XX': { $ref: '#/components/responses/Fault' } },
    },
    get: { operationId: 'listOrders', responses: { 200: { description: 'Orders' } } },
    put: { operationId: 'putOrder', responses: { 422: refusal({ $ref: '#/components/schemas/Odd' }) } },
    patch: { operationId: 'patchOrder', responses: { default: refusal(true) } },
    delete: { operationId: 'deleteOrder', responses: { '4XX': { $ref: '#/components/responses/Nowhere' } } },
    options: { operationId: 'askOrder' },
    query: {
      operationId: 'queryOrder',
      responses: { 422: { description: 'A fault', content: { 'text/plain': { schema: { type: 'string' } } } } },
    },
  },
};

const ADVICE = 'The orders API refused the request (422). Check the arguments.';

/** What is answered, and the lines that the model gets. */
const HELP: readonly (readonly [what: string, tool: string, answer: Answer, lines: readonly string[]])[] = [
  [
    'title and detail of a problem',
    'listOrders',
    {
      status: 422,
      headers: problem,
      body: { title: 'No stock', detail: 'Only 2 are left.', trace: 'x', type: 'urn:a' },
    },
    [ADVICE, 'No stock', 'Only 2 are left.'],
  ],
  [
    'fields of a problem',
    'listOrders',
    {
      status: 422,
      headers: problem,
      body: { title: 'Wrong', 'invalid-params': [{ name: 'item', reason: 'is unknown' }], errors: ['too many'] },
    },
    [ADVICE, 'Wrong', '- too many', '- item: is unknown'],
  ],
  [
    'fields of a problem, as pointers',
    'listOrders',
    { status: 422, headers: problem, body: { errors: [{ detail: 'is too long', pointer: '#/name' }] } },
    [ADVICE, '- #/name: is too long'],
  ],
  [
    'fields of a problem, as a map',
    'listOrders',
    { status: 422, headers: problem, body: { errors: { quantity: ['is below 1', 'is no integer'] } } },
    [ADVICE, '- quantity: is below 1', '- quantity: is no integer'],
  ],
  [
    'fields of a problem, as pointers, paths, and in other forms that say something',
    'listOrders',
    {
      status: 422,
      headers: problem,
      body: {
        errors: [
          7,
          { field: 'item' },
          { detail: 'is too long' },
          { source: { pointer: '/data/name' }, title: 'is taken' },
          { path: ['items', 0], message: 'is unknown' },
          { field: '', parameter: 'page', reason: '' },
          { field: '', parameter: 'page', reason: '', error: 'is no number' },
        ],
        violations: 'none',
      },
    },
    [ADVICE, '- is too long', '- /data/name: is taken', '- items.0: is unknown', '- page: is no number'],
  ],
  [
    'fields of a problem, as a map of one text each',
    'listOrders',
    { status: 422, headers: problem, body: { errors: { quantity: 'is below 1', item: 7, price: [{}, 'is free'] } } },
    [ADVICE, '- quantity: is below 1', '- price: is free'],
  ],
  [
    'what any of the composed schemas declares, of plain types and up to a level',
    'putOrder',
    {
      status: 422,
      headers: json,
      body: {
        code: 7,
        any: 'thing',
        flag: false,
        nothing: null,
        list: ['hidden'],
        toString: 'hidden',
        deep: { any: { inside: 'hidden' }, deep: { deep: { deep: { code: 4, deep: { code: 5 } } } } },
      },
    },
    [ADVICE, 'code: 7', 'any: thing', 'flag: false', 'deep.deep.deep.deep.code: 4'],
  ],
  ...(
    [
      ['whose schema allows anything', 'patchOrder'],
      ['that refers to nothing', 'deleteOrder'],
      ['that the document does not have', 'askOrder'],
      ['that is no JSON in the document', 'queryOrder'],
    ] as const
  ).map(
    ([what, tool]) =>
      [
        `a problem, and nothing else, of an answer ${what}`,
        tool,
        { status: 422, headers: problem, body: { title: 'No stock', code: 'hidden' } },
        [ADVICE, 'No stock'],
      ] as const,
  ),
  ['nothing of a list', 'createOrder', { status: 422, headers: json, body: '[{"error":{"code":"hidden"}}]' }, [ADVICE]],
  [
    'nothing of a body that breaks off',
    'createOrder',
    { status: 422, headers: { ...json, 'content-length': '100' }, body: '{"error":{"code":"no', breaksOff: true },
    [ADVICE],
  ],
  [
    'what the document declares',
    'createOrder',
    {
      status: 422,
      headers: json,
      body: {
        error: { code: 'no_stock', message: 'Sold out', stackTrace: 'at x', undeclared: 'hidden' },
        fields: [{ field: 'item', problem: 'is sold out', inner: 'hidden' }],
        host: 'db-1',
      },
    },
    [ADVICE, 'error.code: no_stock', 'error.message: Sold out', 'fields.field: item', 'fields.problem: is sold out'],
  ],
  [
    'nothing of an undeclared body',
    'listOrders',
    { status: 422, headers: json, body: { message: 'Sold out' } },
    [ADVICE],
  ],
  [
    'nothing of a page',
    'listOrders',
    { status: 422, headers: { 'content-type': 'text/html' }, body: '<p>No</p>' },
    [ADVICE],
  ],
  ['nothing of what is no JSON', 'createOrder', { status: 422, headers: json, body: 'No' }, [ADVICE]],
  [
    'nothing of what is too large',
    'createOrder',
    { status: 422, headers: problem, body: { title: 'x'.repeat(70_000) } },
    [ADVICE],
  ],
  [
    'no markup, frames, tokens and addresses',
    'listOrders',
    {
      status: 422,
      headers: problem,
      body: {
        title: '<b>Error</b>',
        detail: 'db.corp.internal:5432, http://10.0.0.1/x and http://billing/y are away',
        errors: [
          'Error: x\n    at Object.<anonymous> (/srv/app.js:1:2)',
          'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.',
          'OrderService.java:17',
        ],
      },
    },
    [ADVICE, '[address], [address] and [address] are away'],
  ],
  [
    'one line for each text, of limited length',
    'listOrders',
    { status: 422, headers: problem, body: { title: 'a\u001b[31mb\nc', detail: 'x'.repeat(400) } },
    [ADVICE, 'a\\u001b[31mb\\u000ac', `${'x'.repeat(300)}...`],
  ],
  [
    'a limited number of lines',
    'listOrders',
    { status: 422, headers: problem, body: { errors: Array.from({ length: 50 }, (_one, index) => `fault ${index}`) } },
    [ADVICE, ...Array.from({ length: 20 }, (_one, index) => `- fault ${index}`)],
  ],
  [
    'what is not there',
    'listOrders',
    { status: 404 },
    ['The orders API has nothing there. Check the identifiers in the arguments.'],
  ],
];

describe.each(['express', 'fastify'] as const)('refusals of an API on %s', (platform) => {
  let server: AnswerServer;

  beforeAll(async () => {
    server = await startAnswerServer({
      platform,
      paths,
      components,
      orders: { scopeMap: { write: ['orders:write'] }, http: { retries: 0 } },
    });
  });
  afterAll(() => server.close());

  test.each(HELP)('tell the model: %s', async (_what, tool, answer, lines) => {
    const result = await server.answer(tool, '/v1/orders', answer);

    expect(result.isError).toBe(true);
    expect(textOf(result).split('\n')).toStrictEqual(lines);
    expect(result.structuredContent).toBeUndefined();
  });

  test.each([
    [
      '401',
      { status: 401, headers: problem, body: { detail: 'inside' } },
      /does not allow this for you.*Reference for support/s,
    ],
    ['403', { status: 403, headers: problem, body: { detail: 'inside' } }, /does not allow this for you/],
    ['429', { status: 429, headers: { 'retry-after': '30' }, body: { detail: 'inside' } }, /in 30 seconds/],
    ['500', { status: 500, headers: problem, body: { detail: 'inside' } }, /cannot be reached for you right now/],
    ['503', { status: 503, headers: { 'retry-after': '7' }, body: { detail: 'inside' } }, /in 7 seconds/],
    ['300', { status: 300, headers: json, body: { detail: 'inside' } }, /refused the request \(300\)/],
  ] satisfies [string, Answer, RegExp][])(
    'that the model cannot mend go through the table of failures: %s',
    async (_what, answer, told) => {
      const result = await server.answer('createOrder', '/v1/orders', answer);

      expect(result.isError).toBe(true);
      expect(textOf(result)).toMatch(told);
      expect(JSON.stringify(result)).not.toContain('inside');
    },
  );

  test('that a scope would mend are a challenge', async () => {
    const challenge = 'Bearer error="insufficient_scope", scope="write"';
    server.orders.answers.set('/v1/orders', (_request, response) => {
      response.writeHead(403, { 'www-authenticate': challenge }).end();
    });

    const response = await post(server.resource, toolCall('createOrder'), { token: await server.token() });

    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="orders:write"');
  });

  test('that pass are marked for those who try again', async () => {
    const result = await server.answer('listOrders', '/v1/orders', { status: 429, headers: { 'retry-after': '30' } });

    expect(result).toMatchObject({ _meta: { 'nestjs-mcp-auth/retry': { retryable: true, retryAfterMs: 30_000 } } });
  });
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpOpenApi } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { message, post } from '../support/mcp-request.js';

const text = { type: 'string' };
const required = (name: string, place: string, schema: unknown = text) => ({ name, in: place, required: true, schema });
const optional = (name: string, schema: unknown, place = 'query') => ({ name, in: place, schema });
const kinds = { $ref: '#/components/schemas/Kind' };

/** A `GET` operation, and the URIs of its resources without their scheme; or why it is none. */
type Case = readonly [path: string, parameters: readonly object[], uris: readonly string[] | string, more?: object];

const CASES: Readonly<Record<string, Case>> = {
  aBody: ['/a-body', [], 'it needs a body', { requestBody: { required: true, content: { 'application/json': {} } } }],
  anOptionalBody: [
    '/an-optional-body',
    [],
    ['an-optional-body'],
    { requestBody: { content: { 'application/json': { schema: { properties: { a: text } } } } } },
  ],
  aQueryInThePath: ['/query?fixed=1', [], 'it has a query in its path'],
  aFragmentInThePath: ['/fragment#one', [], 'it has a query in its path'],
  aFixedPlaceholder: [
    '/tenants/{tenant}/things',
    [required('tenant', 'path')],
    'it has a placeholder in its path that is no parameter',
  ],
  aLoneBrace: ['/brace}/things', [], 'it has a placeholder in its path that is no parameter'],
  notAscii: ['/straße und', [], ['stra%C3%9Fe%20und']],
  alike: ['/alike/{a-b}/{a_b}/{uri}', [], ['alike/{a_b}/{a_b_}/{uri_}']],
  optionalOnes: [
    '/optional',
    [
      optional('header', { enum: ['a', 'b'] }, 'header'),
      optional('object', { type: 'object' }),
      optional('any', true),
      optional('text', text),
      optional('one', { const: 7 }),
      optional('either', { anyOf: [{ enum: ['a', ''] }, { type: 'boolean' }, { type: 'object' }] }),
      optional('all', { anyOf: [{ enum: ['a'] }, text] }),
      optional('lists', { anyOf: [{ type: 'array' }, { type: 'object' }] }),
      optional('json', { enum: ['a'] }, 'query'),
    ],
    ['optional', 'optional{?one}', 'optional{?either}', 'optional{?json}'],
  ],
  ofObjects: ['/of-objects', [required('which', 'query', { enum: [{}, []] })], 'it needs "which"'],
  ofContent: [
    '/of-content',
    [{ name: 'filter', in: 'query', required: true, content: { 'application/json': { schema: text } } }],
    'it needs "filter"',
  ],
  referred: [
    '/referred/{first}/{second}',
    [{ ...required('first', 'path', kinds), description: 'The first.' }, required('second', 'path', kinds)],
    ['referred/{first}/{second}'],
  ],
  circle: ['/circle/{first}', [required('first', 'path', { $ref: '#/components/schemas/Circle' })], ['circle/{first}']],
  tooMany: [
    '/too-many/{id}',
    Array.from({ length: 100 }, (_one, index) => optional(`parameter${index}`, text)),
    'it has more parameters than `maxToolSize` lets it describe',
  ],
};

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: Object.fromEntries(
    Object.entries(CASES).map(([operationId, [path, parameters, , more]]) => [
      path,
      { get: { operationId, parameters, responses: {}, ...more } },
    ]),
  ),
  components: {
    schemas: {
      Circle: { anyOf: [{ $ref: '#/components/schemas/Square' }, { enum: ['round'] }] },
      Square: { anyOf: [{ $ref: '#/components/schemas/Circle' }, { enum: ['round'] }] },
      Kind: { type: 'string', enum: ['sales', 'stock'], description: 'A kind. '.repeat(10) },
    },
  },
};

@McpOpenApi({
  downstream: '2nd orders',
  document,
  resources: 'GET /**',
  parameters: { tenant: { value: 'ours' } },
  maxToolSize: 1_000,
})
class OrdersApi {}

const api = (operationId: string) => ({
  openapi: '3.1.0',
  info: { title: 'Answers', version: '1' },
  paths: { '/thing': { get: { operationId, parameters: [], responses: {} } } },
});

@McpOpenApi({ downstream: 'orders', document: api('getThing'), resources: 'getThing' })
class AnswersApi {}

interface Result {
  readonly resources?: readonly { readonly uri: string }[];
  readonly resourceTemplates?: readonly { readonly uriTemplate: string }[];
  readonly contents?: readonly Record<string, unknown>[];
  readonly completion?: { readonly values: readonly string[] };
}

async function ask(server: DownstreamServer, method: string, params: Record<string, unknown> = {}): Promise<Result> {
  const headers = typeof params.uri === 'string' ? { 'mcp-name': params.uri } : {};
  const response = await post(server.resource, message(method, params), { token: await server.token(), headers });
  const { result } = (await response.json()) as { result: Result };
  return result;
}

describe.each(['express', 'fastify'] as const)('URIs of resources on %s', (platform) => {
  let server: DownstreamServer;
  let uris: readonly string[];

  beforeAll(async () => {
    server = await startDownstreamServer({
      platform,
      providers: [OrdersApi],
      options: { downstreams: { '2nd orders': { baseUrl: 'https://api.example/v1', audience: 'api' } } },
    });
    const { resources = [] } = await ask(server, 'resources/list');
    const { resourceTemplates = [] } = await ask(server, 'resources/templates/list');
    uris = [...resources.map(({ uri }) => uri), ...resourceTemplates.map(({ uriTemplate }) => uriTemplate)];
  });
  afterAll(() => server.close());

  test.each(Object.entries(CASES))('%s', (_name, [path, , expected]) => {
    const [first = ''] = path.split(/[?{]/);
    const found = uris.filter((uri) => uri.startsWith(`api-2nd-orders:/${encodeURI(first)}`));
    const line = server.log.lines.find((one) => one.includes(`has GET ${path}, which is no resource: `)) ?? '';

    if (typeof expected === 'string') {
      expect(found).toStrictEqual([]);
      expect(line).toContain(`which is no resource: ${expected}`);
    } else {
      expect([...found].sort()).toStrictEqual(expected.map((uri) => `api-2nd-orders://${uri}`).sort());
      expect(line).toBe('');
    }
  });

  test.each([
    ['referred/{first}/{second}', 'second', 's', ['sales', 'stock']],
    ['circle/{first}', 'first', '', []],
    ['optional{?either}', 'either', '', ['a', 'true', 'false']],
    ['optional{?one}', 'one', '', ['7']],
  ])('%s completes %s', async (uri, name, value, values) => {
    const params = { ref: { type: 'ref/resource', uri: `api-2nd-orders://${uri}` }, argument: { name, value } };

    expect((await ask(server, 'completion/complete', params)).completion?.values).toStrictEqual(values);
  });
});

describe.each(['express', 'fastify'] as const)('contents of resources on %s', (platform) => {
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await startDownstreamServer({ platform, providers: [AnswersApi] });
  });
  afterAll(() => server.close());

  test.each([
    ['nothing', 204, undefined, undefined, { mimeType: 'text/plain', text: '' }],
    ['an empty file', 200, 'image/png', '', { mimeType: 'image/png', text: '' }],
    ['lines of JSON', 200, 'application/x-ndjson', '{}\n7', { mimeType: 'application/json', text: '[{},7]' }],
    ['JSON of a type of its own', 200, 'application/hal+json', '{}', { mimeType: 'application/hal+json', text: '{}' }],
    ['JSON without a type', 200, undefined, '{"a":null}', { mimeType: 'application/json', text: '{"a":null}' }],
    ['a text without a type', 200, undefined, 'Hello', { mimeType: 'text/plain', text: 'Hello' }],
    ['bytes without a type', 200, undefined, Buffer.of(0), { mimeType: 'application/octet-stream', blob: 'AA==' }],
  ])('are %s', async (_what, status, type, body, contents) => {
    server.orders.answers.set('/v1/thing', (_request, response) => {
      response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end(body);
    });

    const result = await ask(server, 'resources/read', { uri: 'orders://thing' });

    expect(result.contents).toStrictEqual([{ uri: 'orders://thing', ...contents }]);
  });

  test('are refused with what helps', async () => {
    server.orders.answers.set('/v1/thing', (_request, response) => {
      response.writeHead(422, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ title: 'No stock', inside: 'hidden' }));
    });

    const uri = 'orders://thing';
    const response = await post(server.resource, message('resources/read', { uri }), {
      token: await server.token(),
      headers: { 'mcp-name': uri },
    });

    expect(await response.json()).toMatchObject({
      error: { message: 'The orders API refused the request (422). Check the arguments.\nNo stock' },
    });
  });
});

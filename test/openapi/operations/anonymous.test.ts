import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Anonymous,
  dialects,
  McpOpenApi,
  McpOperation,
  type McpOpenApiOptions,
  type OperationCall,
} from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../../downstream/downstream-server.js';
import { message, post, toolCall } from '../../support/mcp-request.js';
import { documentWith } from './security-document.js';

const SECURED = [{ oauth: ['a'] }];

/** An API that needs no token of a caller. */
const PUBLIC = { dialect: dialects.none(), audience: undefined, scopes: undefined };

@McpOpenApi({ downstream: 'orders', document: documentWith([[], [], SECURED], { name: 'named' }), anonymous: 'named0' })
class NamedApi {}

@McpOpenApi({ downstream: 'orders', document: documentWith([[], undefined, [{}]], { name: 'open' }) })
@Anonymous()
class OpenApi {}

@McpOpenApi({ downstream: 'orders', document: documentWith([SECURED, []], { name: 'curated' }) })
class CuratedApi {
  @McpOperation('curated0')
  @Anonymous()
  curated(input: object, call: OperationCall) {
    return call({ ...input });
  }
}

@McpOpenApi({
  downstream: 'orders',
  document: documentWith([[], [], SECURED], { name: 'shared' }),
  anonymous: ['shared0', 'shared1'],
  resources: ['shared0', 'shared2'],
  resourceScheme: 'shared',
})
class SharedApi {
  @McpOperation('shared1')
  curated(input: object, call: OperationCall) {
    return call({ ...input });
  }
}

describe.each(['express', 'fastify'] as const)('operations that need no token on %s', (platform) => {
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await startDownstreamServer({
      platform,
      providers: [NamedApi, OpenApi, CuratedApi, SharedApi],
      orders: PUBLIC,
    });
  });
  afterAll(() => server.close());

  test.each([
    ['named0', 200],
    ['named1', 401],
    ['named2', 401],
    ['open0', 200],
    ['open1', 200],
    ['open2', 200],
    ['curated0', 200],
    ['curated1', 401],
    ['shared0', 200],
    ['shared1', 200],
    ['shared2', 401],
  ])('%s is answered with %d, and reaches the API without credentials', async (tool, status) => {
    server.orders.requests.length = 0;

    const response = await post(server.resource, toolCall(tool));

    await response.text();
    expect(response.status).toBe(status);
    expect(server.orders.requests).toHaveLength(status === 200 ? 1 : 0);
    for (const { headers } of server.orders.requests) expect(headers).not.toHaveProperty('authorization');
  });

  test('strangers are shown these alone', async () => {
    const response = await post(server.resource, message('tools/list'));

    const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
    expect(result.tools.map(({ name }) => name).sort()).toStrictEqual([
      'curated0',
      'named0',
      'open0',
      'open1',
      'open2',
      'shared0',
      'shared1',
    ]);
  });

  test.each([
    ['shared://things/0', 200],
    ['shared://things/2', 401],
  ])('the resource %s is answered with %d', async (uri, status) => {
    server.orders.requests.length = 0;

    const response = await post(server.resource, message('resources/read', { uri }), { headers: { 'mcp-name': uri } });

    await response.text();
    expect(response.status).toBe(status);
    expect(server.orders.requests.map(({ path }) => path)).toStrictEqual(status === 200 ? ['/v1/things/0'] : []);
  });
});

describe('stop the boot', () => {
  test.each([
    [
      { anonymous: 'tool0' },
      PUBLIC,
      '`anonymous` of @McpOpenApi on OrdersApi opens what takes scopes: GET /things/0 (a)',
    ],
    [{ anonymous: { method: 'GET' } }, PUBLIC, 'GET /things/0 (a). Name only operations without scopes'],
    [
      { anonymous: { method: 'GET' }, document: documentWith(Array.from({ length: 7 }, () => SECURED)) },
      PUBLIC,
      'GET /things/4 (a) and 2 more. Name only operations without scopes',
    ],
    [
      { anonymous: 'tool1' },
      {},
      'can never be met: @Anonymous lets everyone call it, but orders needs the token of a caller',
    ],
  ])('%#: %j', async (options: Partial<McpOpenApiOptions>, orders, problem) => {
    @McpOpenApi({ downstream: 'orders', document: documentWith([SECURED, []]), ...options })
    class OrdersApi {}

    await expect(startDownstreamServer({ providers: [OrdersApi], orders })).rejects.toThrow(problem);
  });

  test('a class that opens what the document secures', async () => {
    @McpOpenApi({ downstream: 'orders', document: documentWith([SECURED, []]) })
    @Anonymous()
    class OrdersApi {}

    await expect(startDownstreamServer({ providers: [OrdersApi], orders: PUBLIC })).rejects.toThrow(
      '`anonymous` of @McpOpenApi on OrdersApi has to name the open operations, because @Anonymous on the class opens what takes scopes: GET /things/0 (a). Remove @Anonymous.',
    );
  });
});

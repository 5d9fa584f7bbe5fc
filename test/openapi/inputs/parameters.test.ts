import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Anonymous, dialects, McpOpenApi, ToolError, type McpOpenApiOptions } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../../downstream/downstream-server.js';
import { callTool, message, post, toolCall } from '../../support/mcp-request.js';

const text = { type: 'string' };
const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/tenants/{tenant}/orders': {
      get: {
        operationId: 'listOrders',
        parameters: [
          { name: 'tenant', in: 'path', schema: text },
          { name: 'api-version', in: 'query', required: true, schema: text },
          { name: 'debug', in: 'query', schema: { type: 'boolean' } },
          { name: 'status', in: 'query', schema: text },
          { name: 'X-Region', in: 'header', schema: text },
          { name: 'theme', in: 'cookie', schema: text },
          { name: 'session', in: 'cookie', schema: text },
          { name: 'X-Api-Key', in: 'header', schema: text },
          { name: 'Authorization', in: 'header', schema: text },
          { name: 'X-Forwarded-For', in: 'header', schema: text },
          { name: 'X-Trace', in: 'header', schema: text },
        ],
        responses: {},
      },
    },
    '/orders': {
      post: {
        operationId: 'createOrder',
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['item', 'tenant'],
                properties: {
                  item: text,
                  tenant: text,
                  customer: {
                    type: 'object',
                    required: ['tenant'],
                    properties: { name: text, tenant: text, vip: text },
                  },
                },
              },
            },
          },
        },
        responses: {},
      },
      put: {
        operationId: 'replaceOrders',
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: { anyOf: [{ $ref: '#/components/schemas/Order' }, { type: 'array' }] } },
          },
        },
        responses: {},
      },
    },
    '/me': {
      get: {
        operationId: 'me',
        parameters: [{ name: 'desk', in: 'query', required: true, schema: text }],
        responses: {},
      },
    },
    '/failing': {
      get: { operationId: 'failing', parameters: [{ name: 'broken', in: 'query', schema: text }], responses: {} },
    },
    '/told': {
      get: { operationId: 'told', parameters: [{ name: 'telling', in: 'query', schema: text }], responses: {} },
    },
  },
  components: {
    schemas: { Order: { type: 'object', required: ['tenant'], properties: { item: text, tenant: text } } },
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      session: { type: 'apiKey', in: 'cookie', name: 'session' },
    },
  },
};

const options: McpOpenApiOptions = {
  downstream: 'orders',
  document,
  parameters: {
    'api-version': { value: '2' },
    tenant: { from: ({ caller }) => caller.claims.tenant },
    debug: 'hidden',
    'x-region': [{ in: 'header', value: 'eu' }],
    '/customer/tenant': { from: ({ caller }) => caller.claims.tenant, operations: 'POST /orders' },
    '/customer/vip': 'hidden',
    desk: { from: ({ caller }) => caller.claims.desk },
    broken: {
      from: () => {
        throw new Error('the directory is down');
      },
    },
    telling: { from: () => Promise.reject(new ToolError('Choose a desk first.')) },
  },
};

@McpOpenApi(options)
class OrdersApi {}

describe.each(['express', 'fastify'] as const)('parameters that a model does not see, on %s', (platform) => {
  let server: DownstreamServer;
  const alice = () => server.token({ sub: 'alice', tenant: 'acme' });

  beforeAll(async () => {
    server = await startDownstreamServer({ platform, providers: [OrdersApi] });
  });
  beforeEach(() => {
    server.orders.requests.length = 0;
  });
  afterAll(() => server.close());

  test('are no arguments', async () => {
    const response = await post(server.resource, message('tools/list'), { token: await alice() });

    const { result } = (await response.json()) as { result: { tools: { name: string; inputSchema: Listed }[] } };
    const keys = Object.fromEntries(
      result.tools.map(({ name, inputSchema }) => [name, Object.keys(inputSchema.properties ?? {})]),
    );
    expect(keys).toStrictEqual({
      listOrders: ['status', 'X-Trace', 'theme'],
      createOrder: ['item', 'customer'],
      replaceOrders: ['body'],
      me: [],
      failing: [],
      told: [],
    });
    const schemas = JSON.stringify(result.tools.map(({ inputSchema }) => inputSchema));
    expect(schemas).not.toMatch(/tenant|vip|api-version|debug|[Rr]egion/);
  });

  test('are sent, and the others beside them', async () => {
    await callTool(server.resource, await alice(), 'listOrders', { status: 'open', theme: 'da rk', 'X-Trace': 't' });

    expect(server.orders.last).toMatchObject({ path: '/v1/tenants/acme/orders?status=open&api-version=2' });
    expect(server.orders.last.headers).toMatchObject({ 'x-region': 'eu', 'x-trace': 't', cookie: 'theme=da%20rk' });
    expect(server.orders.last.headers).not.toHaveProperty('x-api-key');
  });

  test.each([
    [{ tenant: 'other' }],
    [{ 'api-version': '1' }],
    [{ debug: true }],
    [{ 'path tenant': 'other' }],
    [{ 'X-Api-Key': 'k' }],
    [{ Authorization: 'Bearer x' }],
    [{ 'X-Forwarded-For': '1.2.3.4' }],
    [{ session: 's' }],
  ])('cannot be set by a model: %j', async (args) => {
    const result = await callTool(server.resource, await alice(), 'listOrders', args);

    expect(result.isError).toBe(true);
    expect(server.orders.requests).toStrictEqual([]);
  });

  test('are in a body, whatever a model writes there', async () => {
    const customer = { name: 'Bob', tenant: 'other', vip: 'yes' };

    await callTool(server.resource, await alice(), 'createOrder', { item: 'tea', customer });

    expect(JSON.parse(server.orders.last.body)).toStrictEqual({
      item: 'tea',
      customer: { name: 'Bob', tenant: 'acme' },
      tenant: 'acme',
    });
  });

  test('are in a body that is one argument', async () => {
    const body = { item: 'tea', tenant: 'other' };

    await callTool(server.resource, await alice(), 'replaceOrders', { body });

    expect(JSON.parse(server.orders.last.body)).toStrictEqual({ item: 'tea', tenant: 'acme' });
  });

  test.each([
    ['me', 'not known of the user', '`parameters.desk` of GET /me has no value for the caller alice'],
    ['failing', 'for a reason that is not shown here', 'the directory is down'],
    ['told', 'Choose a desk first.', '`parameters.telling` of GET /told could not be filled in'],
  ])('fail the call without a value: %s', async (tool, told, logged) => {
    server.log.lines.length = 0;

    const result = await callTool(server.resource, await alice(), tool, {});

    expect(result.isError).toBe(true);
    expect(JSON.stringify(result.content)).toContain(told);
    expect(JSON.stringify(result.content)).not.toMatch(/desk`|broken|directory/);
    expect(server.log.text).toContain(logged);
    expect(server.orders.requests).toStrictEqual([]);
  });
});

test('parameters that are filled in from the caller fail an anonymous call', async () => {
  @McpOpenApi({ ...options, downstream: 'billing', include: 'me', parameters: { desk: { from: () => 'front' } } })
  @Anonymous()
  class PublicApi {}
  const server = await startDownstreamServer({
    providers: [PublicApi],
    billing: { resource: undefined, dialect: dialects.none() },
  });
  const response = await post(server.resource, toolCall('me'));
  const { result } = (await response.json()) as { result: { isError: boolean; content: unknown } };
  await server.close();

  expect(result.isError).toBe(true);
  expect(JSON.stringify(result.content)).toContain('a caller who is signed in');
  expect(server.billing.requests).toStrictEqual([]);
});

describe('settings of parameters that cannot be met stop the boot', () => {
  test.each([
    [{ tennant: { value: 'x' } }, '`parameters.tennant`', 'means no parameter', 'Near are: tenant'],
    [{ '/customer/tenent': 'hidden' }, '`parameters./customer/tenent`', 'means no parameter', ''],
    [{ debug: { hidden: true, in: 'path' } }, '`parameters.debug`', 'means no parameter', 'Near are: debug'],
    [{ debug: { hidden: true, operations: 'me' } }, '`parameters.debug`', 'means no parameter', ''],
    [{ 'api-version': 'hidden' }, '`parameters.api-version`', 'hides what GET /tenants/{tenant}/orders requires', ''],
    [{ tenant: 'hidden' }, '`parameters.tenant`', 'hides what POST /orders requires', ''],
    [{ desk: { hidden: true } }, '`parameters.desk`', 'hides what GET /me requires', ''],
    [{ Authorization: { value: 'x' } }, '`parameters.Authorization`', 'is a header that the server sets itself', ''],
    [{ debug: {} }, '`parameters.debug`', 'has to have one of `value`, `from` and `hidden: true`', ''],
    [{ debug: { value: 1, hidden: true } }, '`parameters.debug`', 'has to have one of', ''],
    [{ debug: 'invisible' }, '`parameters.debug`', 'has to be', ''],
  ])('%j', async (parameters, option, problem, fix) => {
    @McpOpenApi({ downstream: 'orders', document, parameters: parameters as never })
    class FaultyApi {}
    const boot = startDownstreamServer({ providers: [FaultyApi] });

    await expect(boot).rejects.toThrow(option);
    await expect(boot).rejects.toThrow(problem);
    await expect(boot).rejects.toThrow(fix);
  });
});

interface Listed {
  readonly properties?: object;
}

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { callTool, headersFor, post, textOf, toolCall } from '../../support/mcp-request.js';
import { find, listTools, startShop, type ShopServer } from './shop-server.js';

describe.each(['express', 'fastify'] as const)('operations that are searched, on %s', (platform) => {
  let server: ShopServer;
  let token: string;

  beforeAll(async () => {
    server = await startShop(platform);
    token = await server.token({ scope: 'orders:read' });
  });
  beforeEach(() => {
    server.orders.requests.length = 0;
    server.events.length = 0;
  });
  afterAll(() => server.close());

  test('are behind three tools, beside what is listed', async () => {
    const names = await listTools(server, token);

    expect(names).toStrictEqual(['call_operation', 'describe_operation', 'find_operations', 'listOrders', 'own_tool']);
  });

  test.each([
    ['read an order', 'getOrder'],
    ['orders', 'listOrders'],
    ['exchange rates', 'getExchangeRate'],
    ['currency', 'getExchangeRate'],
    ['place order', 'createOrder'],
    ['add an order', 'createOrder'],
    ['remove', 'deleteOrder'],
    ['deleteOrder', 'deleteOrder'],
    ['DELETE /orders/{id}', 'deleteOrder'],
    ['exchnage', 'getExchangeRate'],
    ['order something astronomical', 'listOrders'],
    ['currencies', 'getExchangeRate'],
    ['addresses', 'findAddress'],
    ['which options', 'askOptions'],
  ])('are found by what they do: %s', async (query, name) => {
    const [first] = await find(server, token, query);

    expect(first).toBe(name);
  });

  test('are found with what they need, though the caller lacks it', async () => {
    const { structuredContent } = await callTool(server.resource, token, 'find_operations', { query: 'delete order' });

    const [first] = (structuredContent as { operations: unknown[] }).operations;
    expect(first).toStrictEqual({
      name: 'deleteOrder',
      summary: 'Removes an order for good.',
      method: 'DELETE',
      path: '/orders/{id}',
      scopes: ['orders:admin'],
    });
  });

  test('are bounded in number', async () => {
    const { structuredContent } = await callTool(server.resource, token, 'find_operations', {
      query: 'order',
      limit: 2,
    });

    expect(structuredContent).toMatchObject({ operations: [{}, {}], hasMore: true });
  });

  test.each(['astronomy', '', 'the of'])('are not found by "%s"', async (query) => {
    const { structuredContent } = await callTool(server.resource, token, 'find_operations', { query });

    expect(structuredContent).toStrictEqual({ operations: [], hasMore: false });
  });

  test('are described by their schemas', async () => {
    const { structuredContent } = await callTool(server.resource, token, 'describe_operation', { name: 'getOrder' });

    expect(structuredContent).toMatchObject({
      name: 'getOrder',
      method: 'GET',
      path: '/orders/{id}',
      scopes: ['orders:read'],
      description: 'Reads an order.',
      inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      annotations: { readOnlyHint: true },
    });
  });

  test.each([
    ['find_operations', { query: 'order' }],
    ['describe_operation', { name: 'getOrder' }],
    ['call_operation', { name: 'getOrder', arguments: { id: '7' } }],
  ])('take a token to be used by %s', async (name, args) => {
    const response = await post(server.resource, toolCall(name, args));

    expect(response.status).toBe(401);
  });

  test.each([
    ['is missing', 'noSuchThing'],
    ['is a tool, but not searched', 'own_tool'],
    ['is call_operation itself', 'call_operation'],
    ['is another tool of the search', 'find_operations'],
    ['is a member of all objects', 'constructor'],
    ['is a prototype', '__proto__'],
    ['is empty', ''],
    ['is long', 'x'.repeat(100_000)],
  ])('have to exist to be called: a name that %s', async (_what, name) => {
    const result = await callTool(server.resource, token, 'call_operation', { name, arguments: { name: 'getOrder' } });

    expect(result.isError).toBe(true);
    expect(textOf(result)).toBe(
      'There is no operation of that name. Find one with find_operations, and use its name as it is.',
    );
    expect(server.events).toStrictEqual([]);
    expect(server.orders.requests).toStrictEqual([]);
  });

  test.each([
    ['no arguments', {}],
    ['a name that is no text', { name: 7 }],
    ['a name that is a list', { name: ['getOrder'] }],
    ['a name that is an object', { name: { toString: 'getOrder' } }],
    ['arguments that are a text', { name: 'getOrder', arguments: '{"id":"7"}' }],
    ['arguments that are a list', { name: 'getOrder', arguments: [{ id: '7' }] }],
    ['arguments beside the name', { name: 'getOrder', id: '7' }],
    ['a member more', { name: 'getOrder', arguments: { id: '7' }, through: 'x' }],
  ])('are not called by %s', async (_what, args) => {
    const result = await callTool(server.resource, token, 'call_operation', args as Record<string, unknown>);

    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('Invalid arguments for call_operation:');
    expect(server.orders.requests).toStrictEqual([]);
  });

  test('are not called by what a prototype says', async () => {
    const body = JSON.stringify(toolCall('call_operation', { name: 'getOrder', arguments: { id: '7' } }));
    const polluted = body.replace('"arguments":{"id":"7"}', '"__proto__":{"arguments":{"id":"7"}}');

    await fetch(server.resource, { method: 'POST', headers: headersFor(JSON.parse(body), token), body: polluted });

    expect(polluted).toContain('__proto__');
    expect(server.orders.requests).toStrictEqual([]);
    expect(server.events.filter(({ operation }) => operation?.name === 'getOrder')).toStrictEqual([]);
  });

  test('are not called by arguments that are nested too deeply', async () => {
    let args: Record<string, unknown> = { id: '7' };
    for (let level = 0; level < 200; level += 1) args = { arguments: args };

    const response = await post(server.resource, toolCall('call_operation', { name: 'getOrder', arguments: args }), {
      token,
    });

    expect(response.status).toBe(400);
  });

  test('describe nothing under a name that is no operation', async () => {
    const result = await callTool(server.resource, token, 'describe_operation', { name: 'own_tool' });

    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('There is no operation of that name.');
  });
});

describe('operations that are searched, where lists show what is permitted', () => {
  let server: ShopServer;
  let token: string;

  beforeAll(async () => {
    server = await startShop('express', { lists: { show: 'permitted' } });
    token = await server.token({ scope: 'orders:read' });
  });
  afterAll(() => server.close());

  test('are found by whoever may call them', async () => {
    const reader = await find(server, token, 'order');
    const admin = await find(server, await server.token({ scope: 'orders:admin' }), 'order');

    expect([...reader].sort()).toStrictEqual(['getOrder', 'listOrders']);
    expect(admin).toStrictEqual(['deleteOrder']);
  });

  test('are as missing as what does not exist', async () => {
    const ask = async (tool: string, name: string) => {
      const response = await post(server.resource, toolCall(tool, { name }), { token });
      return [response.status, await response.text()];
    };

    expect(await ask('call_operation', 'deleteOrder')).toStrictEqual(await ask('call_operation', 'noSuchThing'));
    expect(await ask('describe_operation', 'deleteOrder')).toStrictEqual(
      await ask('describe_operation', 'noSuchThing'),
    );
  });

  test('do not tell their scopes to those without a token', async () => {
    const response = await post(server.resource, toolCall('call_operation', { name: 'deleteOrder' }));

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).not.toContain('orders:admin');
  });
});

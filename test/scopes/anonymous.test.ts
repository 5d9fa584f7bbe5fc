import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Anonymous, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class ShopTools {
  @McpTool({ description: 'x' })
  @Anonymous()
  hours(_input: unknown, { caller }: McpContext): string {
    return caller?.subject ?? 'nobody';
  }
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  orders(): string {
    return 'orders';
  }
  @McpTool({ description: 'x' })
  profile(): string {
    return 'profile';
  }
}

@Injectable()
@Anonymous()
class StatusTools {
  @McpTool({ description: 'x' })
  status(): string {
    return 'up';
  }
}

@Injectable()
class ProtectedTools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

describe.each(['all', 'permitted'] as const)("beside protected tools, with list: '%s'", (list) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ providers: [ShopTools, StatusTools], options: { lists: { show: list } } });
  });
  afterAll(() => server.close());

  const namesFor = async (token?: string) => {
    const response = await post(server.resource, message('tools/list'), { token });
    const { result } = (await response.json()) as { result: { tools: { name: string }[]; cacheScope: string } };
    return { names: result.tools.map(({ name }) => name), cacheScope: result.cacheScope };
  };

  test('anonymous tools run for everyone', async () => {
    expect(textOf(await callTool(server.resource, undefined, 'hours'))).toBe('nobody');
    expect(textOf(await callTool(server.resource, undefined, 'status'))).toBe('up');
  });

  test('a caller who says who it is is known to them', async () => {
    expect(textOf(await callTool(server.resource, await server.token(), 'hours'))).toBe('alice');
  });

  test.each(['orders', 'profile', 'unknown'])('%s wants a token', async (tool) => {
    const response = await post(server.resource, toolCall(tool));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('resource_metadata=');
  });

  test('a token that is not good is refused even there', async () => {
    for (const token of ['garbage', await server.token('', { exp: 1 }), await server.token('', { aud: 'other' })]) {
      for (const body of [toolCall('hours'), message('tools/list')]) {
        expect((await post(server.resource, body, { token })).status).toBe(401);
      }
    }
  });

  test('strangers see the anonymous tools, callers more, and nobody may keep a list for others', async () => {
    expect(await namesFor()).toEqual({ names: ['hours', 'status'], cacheScope: 'private' });
    expect((await namesFor(await server.token('orders:read'))).names).toEqual(['hours', 'orders', 'profile', 'status']);
  });

  test.each([
    ['a batch of an anonymous and a protected call', [toolCall('hours'), toolCall('orders')]],
    ['a call without a name', message('tools/call', { arguments: {} })],
    ['a call of two names', message('tools/call', { name: ['hours', 'orders'] })],
    ['no message', { name: 'hours' }],
    ['a method nobody knows', message('hours')],
    ['a name in other places', message('resources/read', { name: 'hours', uri: 'x' })],
  ])('%s is nothing that a stranger may send', async (_name, body) => {
    expect((await post(server.resource, body)).status).toBe(401);
  });

  test('a header cannot make a protected tool an anonymous one', async () => {
    const response = await post(server.resource, toolCall('orders'), { headers: { 'mcp-name': 'hours' } });
    expect(response.status).toBe(401);
  });

  test('the official client finds and calls them without a token', async () => {
    const client = new Client({ name: 'stranger', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(server.resource)));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['hours', 'status']);
    expect(await client.callTool({ name: 'hours', arguments: {} })).toMatchObject({ content: [{ text: 'nobody' }] });
    await expect(client.callTool({ name: 'orders', arguments: {} })).rejects.toThrow();
    await client.close();
  });
});

test('without anonymous tools nothing is open', async () => {
  const server = await startProtectedServer({ providers: [ProtectedTools] });
  for (const method of ['tools/list', 'server/discover', 'initialize', 'ping', 'subscriptions/listen']) {
    expect((await post(server.resource, message(method))).status).toBe(401);
  }
  await server.close();
});

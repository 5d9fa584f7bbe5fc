import { afterEach, describe, expect, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpOpenApi, type McpOpenApiOptions } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import type { Platform } from '../support/test-application.js';

/** What is done when the test is over, the last first. */
const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A document of `GET` operations, and the scope that each needs. */
function createDocument(scopes: Readonly<Record<string, string>>): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: { title: 'Orders', version: '1' },
    paths: Object.fromEntries(
      Object.entries(scopes).map(([operationId, scope]) => [
        `/${operationId}`,
        { get: { operationId, summary: `Reads ${operationId}.`, security: [{ oauth: [scope] }], responses: {} } },
      ]),
    ),
    components: { securitySchemes: { oauth: { type: 'oauth2', flows: {} } } },
  };
}

interface Reloaded extends DownstreamServer {
  /** Changes the document, and waits until the new one is in use. */
  reload(scopes: Readonly<Record<string, string>>): Promise<void>;
}

async function start(
  platform: Platform,
  scopes: Readonly<Record<string, string>>,
  options: Partial<McpOpenApiOptions>,
): Promise<Reloaded> {
  let document = createDocument(scopes);
  @McpOpenApi({ downstream: 'orders', document: () => document, reload: { intervalMs: 5 }, ...options })
  class OrdersApi {}
  const server = await startDownstreamServer({ platform, providers: [OrdersApi], options: { lists: { ttlMs: 0 } } });
  endings.push(() => server.close());
  return {
    ...server,
    reload: async (changed) => {
      server.log.lines.length = 0;
      document = createDocument(changed);
      while (!server.log.text.includes('has changed. The new one is in use')) await new Promise(setImmediate);
    },
  };
}

const UNKNOWN = 'There is no operation of that name. Find one with find_operations, and use its name as it is.';

describe.each(['express', 'fastify'] as const)('a document that is read again, on %s', (platform) => {
  test('changes what is searched, described and called', async () => {
    const server = await start(platform, { parts: 'read', orders: 'read', rates: 'read' }, { offer: 'search' });
    const token = await server.token({ scope: 'read' });
    const find = async (query: string) =>
      (await callTool(server.resource, token, 'find_operations', { query })).structuredContent;
    const ask = async (tool: string, name: string) => textOf(await callTool(server.resource, token, tool, { name }));
    expect(await find('parts')).toMatchObject({ operations: [{ name: 'parts' }] });

    await server.reload({ orders: 'admin', rates: 'read', planets: 'read' });

    expect(await find('parts')).toStrictEqual({ operations: [], hasMore: false });
    expect(await find('planets')).toMatchObject({ operations: [{ name: 'planets', scopes: ['read'] }] });
    expect(await find('orders')).toMatchObject({ operations: [{ name: 'orders', scopes: ['admin'] }] });
    expect(await ask('describe_operation', 'parts')).toBe(UNKNOWN);
    expect(await ask('call_operation', 'parts')).toBe(UNKNOWN);
    expect(server.orders.requests).toStrictEqual([]);
    await callTool(server.resource, token, 'call_operation', { name: 'planets' });
    expect(server.orders.last.path).toBe('/v1/planets');
    const refused = await post(server.resource, toolCall('call_operation', { name: 'orders' }), { token });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('scope="admin"');
    expect(server.orders.requests).toHaveLength(1);
  });

  test('changes resources, and tells clients', async () => {
    const server = await start(platform, { parts: 'read', orders: 'read' }, { resources: 'GET /**' });
    const token = await server.token({ scope: 'read' });
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), { requestInit }));
    endings.push(() => client.close());
    const told = new Promise<void>((resolve) => {
      client.setNotificationHandler('notifications/resources/list_changed', () => resolve());
    });
    await client.listen({ resourcesListChanged: true });
    const list = async () => (await client.listResources()).resources.map(({ uri }) => uri);
    const read = async (uri: string) =>
      await post(server.resource, message('resources/read', { uri }), { token, headers: { 'mcp-name': uri } });
    expect(await list()).toStrictEqual(['orders://orders', 'orders://parts']);

    await server.reload({ orders: 'admin', planets: 'read' });
    await told;

    expect(await list()).toStrictEqual(['orders://orders', 'orders://planets']);
    const gone = (await (await read('orders://parts')).json()) as { error: unknown };
    const never = (await (await read('orders://nothing')).json()) as { error: unknown };
    expect(gone.error).toMatchObject({ code: (never.error as { code: number }).code });
    expect(server.orders.requests).toStrictEqual([]);
    await (await read('orders://planets')).text();
    expect(server.orders.last.path).toBe('/v1/planets');
    const refused = await read('orders://orders');
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('scope="admin"');
  });
});

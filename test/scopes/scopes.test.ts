import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const ran: string[] = [];

@Injectable()
class OrderTools {
  @McpTool({ description: 'x', scopes: ['orders:read'], annotations: { readOnlyHint: true } })
  find(): string {
    ran.push('find');
    return 'found';
  }
  @McpTool({ description: 'x', scopes: ['orders:write', 'orders:approve'] })
  approve(): string {
    ran.push('approve');
    return 'approved';
  }
  @McpTool({ description: 'x' })
  whoami(): string {
    return 'somebody';
  }
}

interface ListResult {
  result: { tools: { name: string }[]; cacheScope?: string; ttlMs?: number };
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [OrderTools] });
  });
  afterAll(() => server.close());

  test('a tool runs for a caller with its scopes', async () => {
    expect(textOf(await callTool(server.resource, await server.token('x orders:read y'), 'find'))).toBe('found');
    expect(textOf(await callTool(server.resource, await server.token('orders:approve orders:write'), 'approve'))).toBe(
      'approved',
    );
  });

  test.each(['', 'orders', 'orders:reader', 'ORDERS:READ', 'orders:write'])(
    'RFC 6750 section 3.1: with the scope "%s" it is refused before it runs',
    async (scope) => {
      ran.length = 0;
      const response = await post(server.resource, toolCall('find'), { token: await server.token(scope) });
      expect(response.status).toBe(403);
      expect(response.headers.get('www-authenticate')).toBe(
        'Bearer error="insufficient_scope", error_description="The token lacks a scope that the operation needs", ' +
          `scope="orders:read", resource_metadata="${server.origin}/.well-known/oauth-protected-resource/mcp"`,
      );
      expect(ran).toEqual([]);
    },
  );

  test('the challenge names all scopes of the operation, held or not', async () => {
    const response = await post(server.resource, toolCall('approve'), { token: await server.token('orders:write') });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="orders:write orders:approve"');
  });

  test('without a token the challenge names what the called tool needs, and the initial scopes for anything else', async () => {
    const scopeOf = async (body: unknown) => {
      const response = await post(server.resource, body);
      expect(response.status).toBe(401);
      return /scope="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1];
    };
    expect(await scopeOf(toolCall('approve'))).toBe('orders:write orders:approve');
    expect(await scopeOf(toolCall('whoami'))).toBe('orders:read');
    expect(await scopeOf(toolCall('unknown'))).toBe('orders:read');
    expect(await scopeOf(message('tools/list'))).toBe('orders:read');
    expect(await scopeOf(message('server/discover'))).toBe('orders:read');
  });

  test('a tool without scopes wants a token all the same', async () => {
    expect((await post(server.resource, toolCall('whoami'))).status).toBe(401);
    expect(textOf(await callTool(server.resource, await server.token(), 'whoami'))).toBe('somebody');
  });

  test('a batch is no way around', async () => {
    ran.length = 0;
    const batch = [
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'find', arguments: {} } },
    ];
    for (const scope of ['', 'orders:read orders:write']) {
      const response = await post(server.resource, batch, { token: await server.token(scope) });
      expect(response.status).toBe(400);
      expect(ran).toEqual([]);
    }
    expect((await post(server.resource, batch)).status).toBe(401);
  });

  test('what the headers say of the tool counts for nothing', async () => {
    ran.length = 0;
    const token = await server.token('');
    const response = await post(server.resource, toolCall('find'), { token, headers: { 'mcp-name': 'whoami' } });
    expect(response.status).toBe(403);
    const mismatch = await post(server.resource, toolCall('whoami'), { token, headers: { 'mcp-name': 'find' } });
    expect(mismatch.status).toBe(400);
    expect(ran).toEqual([]);
  });

  test('an unknown tool is a JSON-RPC error', async () => {
    const response = await post(server.resource, toolCall('unknown'), { token: await server.token() });
    expect(await response.json()).toMatchObject({ error: { code: -32602, message: 'Unknown tool: unknown' } });
  });

  test('by default the list shows every tool, to every caller alike', async () => {
    const { result } = (await (
      await post(server.resource, message('tools/list'), { token: await server.token() })
    ).json()) as ListResult;
    expect(result.tools.map(({ name }) => name)).toEqual(['approve', 'find', 'whoami']);
    expect(result.cacheScope).toBe('private');
  });
});

describe("list: 'permitted'", () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ providers: [OrderTools], options: { lists: { show: 'permitted' } } });
  });
  afterAll(() => server.close());

  test.each([
    ['', ['whoami']],
    ['orders:read', ['find', 'whoami']],
    ['orders:write', ['whoami']],
    ['orders:write orders:approve', ['approve', 'whoami']],
  ])(
    'shows a caller with the scopes "%s" no more than %j, and lets nobody else have the list',
    async (scope, names) => {
      const { result } = (await (
        await post(server.resource, message('tools/list'), { token: await server.token(scope) })
      ).json()) as ListResult;
      expect(result.tools.map(({ name }) => name)).toEqual(names);
      expect(result.cacheScope).toBe('private');
    },
  );
});

describe('anonymous: true', () => {
  @Injectable()
  class OpenTools {
    @McpTool({ description: 'x' })
    ping(): string {
      return 'pong';
    }
  }

  test('takes nobody for a caller, whoever the application has signed in', async () => {
    let seen: unknown = 'nothing';
    @Injectable()
    class Spy {
      @McpTool({ description: 'x' })
      spy(_input: unknown, { caller }: McpContext): void {
        seen = caller;
      }
    }
    const server = await startProtectedServer({
      providers: [Spy],
      options: { issuers: [], access: { anonymous: true } },
      configure: (app) => {
        app.use((request: { user?: unknown }, _response: unknown, next: () => void) => {
          request.user = { id: 1 };
          next();
        });
      },
    });
    await callTool(server.resource, undefined, 'spy');
    await server.close();
    expect(seen).toBeUndefined();
  });

  test('serves everyone, and looks at no token', async () => {
    const server = await startProtectedServer({
      providers: [OpenTools],
      options: { issuers: [], access: { anonymous: true } },
    });
    expect(textOf(await callTool(server.resource, undefined, 'ping'))).toBe('pong');
    expect(textOf(await callTool(server.resource, 'garbage', 'ping'))).toBe('pong');
    expect(server.issuer.requests).toEqual([]);
    await server.close();
  });
});

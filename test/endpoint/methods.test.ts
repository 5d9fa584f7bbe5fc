import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const PAGE = 'http://localhost:6274';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
  });
  afterAll(() => server.close());

  const ask = async (method: string, headers: Record<string, string> = {}) =>
    await fetch(server.resource, { method, headers });

  test.each(['GET', 'HEAD', 'DELETE', 'PUT', 'PATCH'])('%s wants a token, as everything does', async (method) => {
    const response = await ask(method);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('resource_metadata=');
  });

  test.each(['GET', 'HEAD', 'DELETE', 'PUT', 'PATCH'])(
    '%s is not allowed: there are no sessions to stream or to end',
    async (method) => {
      const response = await ask(method, { authorization: `Bearer ${await server.token()}` });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST, OPTIONS');
      if (method === 'HEAD') expect(await response.text()).toBe('');
    },
  );

  test('OPTIONS says what is allowed', async () => {
    const response = await ask('OPTIONS');
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe('POST, OPTIONS');
    expect(response.headers.get('access-control-allow-methods')).toBeNull();
  });

  test('who has a conversation learns that GET is allowed, for its stream', async () => {
    const authorization = `Bearer ${await server.token()}`;
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    };
    const begun = await fetch(server.resource, {
      method: 'POST',
      headers: {
        authorization,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify(initialize),
    });
    await begun.text();
    const id = begun.headers.get('mcp-session-id') ?? '';
    const allowed = async (method: string, headers: Record<string, string>) => {
      const { status, headers: answered } = await ask(method, { authorization, ...headers });
      return [status, answered.get('allow')];
    };
    for (const method of ['HEAD', 'DELETE', 'PUT'])
      expect(await allowed(method, { 'mcp-session-id': id })).toEqual([405, 'GET, POST, OPTIONS']);
    expect(await allowed('OPTIONS', { 'mcp-session-id': id })).toEqual([204, 'GET, POST, OPTIONS']);
    for (const method of ['HEAD', 'DELETE', 'PUT'])
      expect(await allowed(method, { 'mcp-session-id': 'made up' })).toEqual([405, 'POST, OPTIONS']);
    expect(await allowed('GET', { 'mcp-session-id': id, accept: 'application/json' })).toEqual([405, 'POST, OPTIONS']);
    const stream = await ask('GET', { authorization, 'mcp-session-id': id, accept: 'text/event-stream' });
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  });

  test('the preflight of a page gets what the page needs, without a token', async () => {
    const response = await ask('OPTIONS', {
      origin: PAGE,
      'access-control-request-method': 'POST',
      'access-control-request-headers':
        'authorization, content-type,mcp-protocol-version , dpop, traceparent, bad header',
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(response.headers.get('access-control-allow-methods')).toBe('POST');
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'authorization, content-type, mcp-protocol-version, dpop, traceparent',
    );
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    expect(response.headers.get('vary')).toContain('Origin');
  });

  test('the preflight of a page that is not served is refused', async () => {
    const response = await ask('OPTIONS', { origin: 'https://evil.example', 'access-control-request-method': 'POST' });
    expect(response.status).toBe(403);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  test.each(['POST', 'GET'])('the answer to %s of a page tells it of the challenge', async (method) => {
    const response = await ask(method, { origin: PAGE });
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE);
    const exposed = response.headers.get('access-control-expose-headers')?.split(', ');
    expect(exposed).toEqual(
      expect.arrayContaining([
        'WWW-Authenticate',
        'DPoP-Nonce',
        'Retry-After',
        'MCP-Protocol-Version',
        'Mcp-Session-Id',
      ]),
    );
  });

  test('who is no page gets no such headers, and caches keep the two apart', async () => {
    const response = await ask('POST');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(response.headers.get('vary')).toContain('Origin');
  });
});

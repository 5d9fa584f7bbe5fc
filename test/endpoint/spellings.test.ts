import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { send, type Answer, type SendOptions } from '../proof/send.js';
import { message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Tools],
      options: {
        resource: 'https://mcp.example.com/mcp',
        endpoint: { allowedHosts: ['inside.example.com:443', 'other.example.com:8080'] },
      },
    });
    token = await server.issuer.token({ aud: 'https://mcp.example.com/mcp' });
  });
  afterAll(() => server.close());

  async function ask(path: string, { headers, ...options }: SendOptions = {}): Promise<Answer> {
    return await send(`${server.origin}${path}`, {
      body: toolCall('run'),
      ...options,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
  }

  describe('a host', () => {
    test.each([
      ['mcp.example.com:443', 200],
      ['mcp.example.com:80', 200],
      ['MCP.Example.COM', 200],
      ['mcp.example.com.', 200],
      ['MCP.example.com.:443', 200],
      ['inside.example.com', 200],
      ['inside.example.com:443', 200],
      ['other.example.com:8080', 200],
      ['OTHER.example.com.:8080', 200],
      ['127.0.0.1:443', 200],
      ['[::1]:443', 200],
      ['localhost.', 200],
      ['mcp.example.com:4430', 403],
      ['mcp.example.com:443:443', 400],
      ['mcp.example.com..', 403],
      ['.mcp.example.com', 403],
      ['mcp.example.com.evil.example', 403],
      ['other.example.com', 403],
      ['other.example.com:443', 403],
    ])('of the spelling "%s" is answered with %i', async (host, status) => {
      expect((await ask('/mcp', { headers: { host } })).status).toBe(status);
    });
  });

  describe('a path with a slash at the end', () => {
    const slashed = ['/mcp/', '/mcp/?x=1'];

    test.each(slashed)('%s is the endpoint', async (path) => {
      expect((await ask(path)).status).toBe(200);
    });

    test.each(slashed)('%s challenges', async (path) => {
      const answer = await ask(path, { headers: { authorization: undefined } });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain(
        'resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"',
      );
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    test.each(['GET', 'DELETE', 'PUT'])('%s is a method of neither', async (method) => {
      expect((await ask('/mcp/', { method, body: undefined })).status).toBe(405);
    });

    test.each(['/.well-known/oauth-protected-resource/', '/.well-known/oauth-protected-resource/mcp/'])(
      '%s has the metadata',
      async (path) => {
        for (const method of ['GET', 'HEAD']) {
          const answer = await ask(path, { method, body: undefined, headers: { authorization: undefined } });
          expect(answer.status).toBe(200);
          expect(answer.headers['content-type']).toMatch(/^application\/json/);
        }
      },
    );

    test.each(['/mcp/x', '/mcp//', '/x/mcp'])('%s is nothing of ours', async (path) => {
      expect((await ask(path)).status).toBe(404);
    });
  });

  describe('a type of the body', () => {
    test.each([
      ['application/json', 200],
      ['application/json; charset=utf-8', 200],
      ['application/json;charset=UTF-8', 200],
      ['application/json; charset="utf-8"', 200],
      ['Application/JSON', 200],
      ['application/json ; charset=utf-8', 200],
      ['application/json;', 200],
      ['application/json; profile=x', 200],
      ['text/plain', 415],
      ['text/json', 415],
      ['application/jsonp', 415],
      ['application/json, text/plain', 415],
      ['application/x-www-form-urlencoded', 415],
      [undefined, 415],
    ])('that says "%s" is answered with %i', async (type, status) => {
      expect((await ask('/mcp', { headers: { 'content-type': type } })).status).toBe(status);
    });
  });

  test.each<[string, SendOptions['headers']]>([
    ['nothing', {}],
    ['nothing, of no type', { 'content-type': undefined }],
    ['text', { 'content-type': 'text/plain', 'content-length': 2 }],
  ])('who sends %s, and no token, is challenged', async (_name, headers) => {
    const answer = await ask('/mcp', {
      body: headers?.['content-length'] && {},
      headers: { ...headers, authorization: undefined },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('resource_metadata=');
  });

  describe('a connection that the client wants closed', () => {
    test.each<[string, SendOptions]>([
      ['a call', {}],
      ['a call of 2025-11-25', { headers: { 'mcp-protocol-version': '2025-11-25' }, body: toLegacy(toolCall('run')) }],
      ['a list', { body: message('tools/list') }],
      ['a call without a token', { headers: { authorization: undefined } }],
      ['another method', { method: 'DELETE', body: undefined, headers: { 'content-type': undefined } }],
    ])('is closed after %s', async (_name, options) => {
      for (const connection of ['close', 'keep-alive']) {
        const answer = await ask('/mcp', { ...options, headers: { ...options.headers, connection } });
        expect(answer.headers.connection).toBe(connection);
      }
    });
  });
});

function toLegacy(call: Record<string, unknown>): Record<string, unknown> {
  const { _meta, ...params } = call.params as Record<string, unknown>;
  return { ...call, params };
}

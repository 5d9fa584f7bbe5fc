import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromJsonSchema } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  async logs(_input: unknown, context: McpContext) {
    await context.log('info', { quiet: true });
    await context.log('error', { loud: true });
    return 'logged';
  }
  @McpTool({ description: 'x', scopes: ['orders:write'], meta: { ui: { visibility: ['app'] } } })
  widget() {
    return 'written';
  }
  @McpTool({ description: 'x', task: true })
  long() {
    return 'done';
  }
}

/** A request whose `_meta` says more than usual. */
function withMeta(body: Record<string, unknown>, meta: object): Record<string, unknown> {
  const params = body.params as { _meta: object };
  return { ...body, params: { ...params, _meta: { ...params._meta, ...meta } } };
}

describe('MCP 2026-07-28, tools', () => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({ providers: [Tools] });
    token = await server.token('orders:read');
  });
  afterAll(() => server.close());

  test('there MUST NOT be log messages for a request that asks for none', async () => {
    const ask = async (meta: object) =>
      await (await post(server.resource, withMeta(toolCall('logs'), meta), { token })).text();
    const silent = await ask({});
    expect(silent).toContain('logged');
    expect(silent).not.toContain('notifications/message');
    const loud = await ask({ 'io.modelcontextprotocol/logLevel': 'error' });
    expect(loud).toContain('"loud":true');
    expect(loud).not.toContain('"quiet":true');
  });

  test('what a widget alone may call (SEP-1865) takes the same scopes', async () => {
    expect((await post(server.resource, toolCall('widget'), { token })).status).toBe(403);
    expect(textOf(await callTool(server.resource, await server.token('orders:write'), 'widget'))).toBe('written');
  });

  test('SEP-2663: the id of a task MUST have so much entropy that nobody guesses it', async () => {
    const call = withMeta(toolCall('long'), {
      'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
    });
    const begin = async () =>
      ((await (await post(server.resource, call, { token })).json()) as { result: { taskId: string } }).result.taskId;
    const ids = [await begin(), await begin()];
    for (const id of ids) expect(Buffer.from(id, 'base64url')).toHaveLength(32);
    expect(new Set(ids).size).toBe(2);
  });

  test.each(['tasks/result', 'tasks/list'])('SEP-2663: %s MUST be a method that is not known', async (method) => {
    const response = await post(server.resource, message(method, { taskId: 'x' }), { token });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: -32601 } });
  });

  test('SEP-2663: the parameter of earlier revisions MUST be ignored', async () => {
    const call = message('tools/call', { name: 'long', arguments: {}, task: { ttl: 1 } });
    expect(await (await post(server.resource, call, { token })).json()).toMatchObject({
      result: { resultType: 'complete', content: [{ type: 'text', text: 'done' }] },
    });
  });
});

describe('JSON Schemas of tools', () => {
  const asked: string[] = [];
  const stranger = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('{"type":"object"}');
  });
  let origin: string;

  beforeAll(async () => {
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    stranger.close();
  });

  test.each<[string, () => Record<string, unknown>, RegExp]>([
    [
      'a reference to another host',
      () => ({ type: 'object', properties: { a: { $ref: `${origin}/schema` } } }),
      /can't resolve reference/,
    ],
    ['a dialect of another host', () => ({ $schema: `${origin}/dialect`, type: 'object' }), /unsupported dialect/],
    ['another dialect', () => ({ $schema: 'https://acme.example/dialect', type: 'object' }), /unsupported dialect/],
  ])('MUST NOT be read from the network, and are refused: %s', (_what, schema, problem) => {
    expect(() => fromJsonSchema(schema())).toThrow(problem);
    expect(asked).toEqual([]);
  });
});

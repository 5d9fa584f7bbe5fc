import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

let runs = 0;

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({ text: z.string().optional() }) })
  run(): string {
    runs++;
    return 'ran';
  }
  @McpTool({ description: 'x', scopes: ['admin'] })
  guarded(): string {
    runs++;
    return 'ran';
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Tools],
      options: { endpoint: { maxBodySize: 2_000 } },
      configure: (app) => {
        if (platform === 'express') (app as NestExpressApplication).useBodyParser('json', { limit: '1mb' });
      },
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    runs = 0;
  });

  test('a message of more than maxBodySize is refused, one of less is not', async () => {
    const token = await server.token();
    expect((await post(server.resource, toolCall('run', { text: 'x'.repeat(1_000) }), { token })).status).toBe(200);
    const response = await post(server.resource, toolCall('run', { text: 'x'.repeat(2_000) }), { token });
    expect(response.status).toBe(413);
    expect(runs).toBe(1);
  });

  test('a message that does not say how long it is, is measured all the same', async () => {
    const token = await server.token();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      // In chunks, because there is no Content-Length.
      const request = httpRequest(server.resource, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      });
      request.on('error', reject).on('response', (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode);
        });
      });
      request.write(JSON.stringify(toolCall('run', { text: 'x'.repeat(2_000) })));
      request.end();
    });
    expect(status).toBe(413);
    expect(runs).toBe(0);
  });

  test.each<[string, Record<string, string>]>([
    ['Mcp-Name', { 'mcp-name': 'guarded' }],
    ['Mcp-Name of what may not be called', { 'mcp-name': 'other' }],
    ['Mcp-Method', { 'mcp-method': 'tools/list' }],
    ['Mcp-Method in another case', { 'mcp-method': 'Tools/Call' }],
    ['MCP-Protocol-Version', { 'mcp-protocol-version': '2025-11-25' }],
  ])('a header that does not agree with the body is refused: %s', async (_name, headers) => {
    const response = await post(server.resource, toolCall('run'), { token: await server.token(), headers });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32020 } });
    expect(runs).toBe(0);
  });

  test.each(['Mcp-Method', 'Mcp-Name'])('a missing %s is a mismatch', async (missing) => {
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${await server.token()}`,
      'MCP-Protocol-Version': '2026-07-28',
      'Mcp-Method': 'tools/call',
      'Mcp-Name': 'run',
    };
    const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== missing));
    const response = await fetch(server.resource, {
      method: 'POST',
      headers: sent,
      body: JSON.stringify(toolCall('run')),
    });
    expect(response.status).toBe(400);
    expect(runs).toBe(0);
  });

  test('Mcp-Name in the base64 of the specification is read before it is compared', async () => {
    const encoded = (name: string) => ({ 'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=` });
    const token = await server.token();
    expect((await post(server.resource, toolCall('run'), { token, headers: encoded('run') })).status).toBe(200);
    expect((await post(server.resource, toolCall('run'), { token, headers: encoded('other') })).status).toBe(400);
  });

  test.each<[string, unknown]>([
    ['of two calls', [toolCall('run'), toolCall('run')]],
    ['of one call', [toolCall('run')]],
    ['of an allowed and a denied call', [toolCall('run'), toolCall('guarded')]],
    ['of nothing', []],
    ['of batches', [[toolCall('run')], [toolCall('guarded')]]],
  ])('a batch %s is refused whole', async (_name, batch) => {
    const response = await post(server.resource, batch, { token: await server.token() });
    expect(response.status).toBe(400);
    expect(runs).toBe(0);
  });

  test.each<[string, string]>([
    ['not JSON', '{"jsonrpc": "2.0", '],
    ['a string', '"tools/call"'],
    ['null', 'null'],
    ['a number', '7'],
    ['an empty object', '{}'],
    ['nothing', ''],
    ['no request', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['a method that is no string', '{"jsonrpc":"2.0","id":1,"method":{"x":1}}'],
    ['params that are a list', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["run"]}'],
  ])('a body that is %s is refused in good order, and tells nothing', async (_name, body) => {
    const response = await fetch(server.resource, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${await server.token()}`,
        'mcp-protocol-version': '2026-07-28',
      },
      body,
    });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).not.toMatch(/node_modules|\.[jt]s:\d|at \w+ \(/);
    expect(runs).toBe(0);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'a body of the type %s is not read as a message',
    async (type) => {
      const response = await post(server.resource, toolCall('run'), {
        token: await server.token(),
        headers: { 'content-type': type },
      });
      expect(response.status).toBe(415);
      expect(runs).toBe(0);
    },
  );

  test('of two members of one name the one that is authorized is the one that runs', async () => {
    const token = await server.token();
    const body = JSON.stringify(toolCall('run')).replace('"name":"run"', '"name":"run","name":"guarded"');
    const response = await fetch(server.resource, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${token}`,
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'run',
      },
      body,
    });
    expect(response.status).toBe(403);
    expect(runs).toBe(0);
  });

  test('a call without an id runs nothing', async () => {
    const response = await post(
      server.resource,
      { ...toolCall('run'), id: undefined },
      { token: await server.token() },
    );
    expect(response.status).toBe(202);
    expect(runs).toBe(0);
  });

  test('a stranger learns nothing from any answer', async () => {
    for (const body of [toolCall('guarded'), message('tools/list'), message('nothing/known'), {}]) {
      const response = await post(server.resource, body);
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({
        error: 'unauthorized',
        error_description: 'An access token is required',
      });
    }
  });
});

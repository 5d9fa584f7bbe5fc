import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { connectInMemory, McpTool } from 'nestjs-mcp-auth';
import { IntrospectingServer } from '../introspection/introspecting-server.js';
import { callTool, message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';
import { attackedServers } from './attacked-server.js';

const servers = attackedServers();

/** As many levels of arrays and objects, as text. */
const nest = (levels: number, [open, close] = ['[', ']']) => open.repeat(levels) + close.repeat(levels);
const objects: [string, string] = ['{"a":[', ']}'];

/** A message with this text in the place of `"HERE"`. */
const put = (body: unknown, text: string) => JSON.stringify(body).replace('"HERE"', () => text);

const KINDS = [
  ['101 levels', nest(101)],
  ['5,000 levels of arrays', nest(5_000)],
  ['5,000 levels of objects', nest(2_500, objects)],
  ['50,000 levels', nest(50_000)],
] as const;

describe.each(servers)('on %s', (_platform, attacked) => {
  describe.each(KINDS)('a message with %s', (_kind, deep) => {
    test.each([
      ['in the arguments', put(toolCall('ping', { a: 'HERE' }), deep)],
      ['in _meta', put({ ...message('tools/list'), params: { _meta: { a: 'HERE' } } }, deep)],
      ['in its parameters', put(message('tasks/update', { taskId: 'x', inputResponses: 'HERE' }), deep)],
      ['in the name', put(message('tools/call', { name: 'HERE' }), deep)],
      ['as its id', put({ ...message('tools/list'), id: 'HERE' }, deep)],
      ['in the answer to a question', put({ jsonrpc: '2.0', id: 1, result: 'HERE' }, deep)],
      ['and nothing else', deep],
    ])('%s is a bad request, with or without a token', async (_place, body) => {
      for (const headers of [[], [`Authorization: Bearer ${attacked().forge.token()}`]]) {
        const answer = await attacked().post(body, headers);
        expect(answer.status).toBe(400);
        expect(JSON.parse(answer.body)).toMatchObject({
          jsonrpc: '2.0',
          error: { code: -32600, message: 'The message has more than 100 levels of JSON' },
        });
      }
    });
  });

  test('a hundred levels less those of the message are served', async () => {
    const body = put(toolCall('ping', { a: 'HERE' }), nest(97));
    const answer = await attacked().post(body, [
      `Authorization: Bearer ${attacked().forge.token()}`,
      'Mcp-Method: tools/call',
      'Mcp-Name: ping',
    ]);
    expect(answer.status).toBe(200);
    attacked().forget();
  });

  describe('a signed token with 4,000 levels', () => {
    const deep = JSON.parse(nest(3_000)) as unknown;
    test.each([
      ['in a claim', { extra: deep }, {}],
      ['in authorization_details', { authorization_details: deep }, {}],
      [
        'in the actor',
        { act: JSON.parse(nest(1_000, ['{"act":', '}']).replace('"act":}', '"act":1}')) as unknown },
        {},
      ],
      ['in the scopes', { scope: deep }, {}],
      ['in the header', {}, { extra: deep }],
    ])('%s is refused', async (_place, claims, header) => {
      const answer = await attacked().call(`Bearer ${attacked().forge.token(claims, header)}`);
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([
        401,
        expect.stringContaining('error="invalid_token"'),
      ]);
      expect(answer.body).not.toContain('stack');
    });
  });
});

test('an answer of introspection with as many is not believed', async () => {
  const server = await IntrospectingServer.start();
  server.answer = (response) => {
    sendJson(response, 200, server.active({ extra: JSON.parse(nest(4_000)) as unknown }));
  };
  const response = await fetch(server.resource, {
    method: 'POST',
    headers: { authorization: 'Bearer opaque', 'content-type': 'application/json' },
    body: JSON.stringify(toolCall('whoami')),
  });
  expect(response.status).toBe(503);
  await server.close();
});

describe('a deep value', () => {
  @Injectable()
  class DeepTools {
    @McpTool({ description: 'x' })
    structured() {
      return { a: JSON.parse(nest(3_000)) as unknown };
    }
    @McpTool({ description: 'x' })
    content() {
      return { content: [{ type: 'text', text: 'x', _meta: { a: JSON.parse(nest(3_000)) as unknown } }] };
    }
    @McpTool({ description: 'x' })
    circular() {
      const circular: Record<string, unknown> = {};
      circular.self = circular;
      return circular;
    }
  }
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ providers: [DeepTools] });
  });
  afterAll(async () => {
    await server.close();
  });

  test.each(['structured', 'content', 'circular'])(
    'that a tool returns as %s fails, and says nothing',
    async (name) => {
      const result = await callTool(server.resource, await server.token(), name);
      expect(result.isError).toBe(true);
      expect(JSON.stringify(result)).not.toMatch(/stack|circular structure|levels/);
    },
  );

  test('in a message without HTTP is refused', async () => {
    const transport = connectInMemory(server.app, { token: await server.token() });
    await transport.start();
    const told = new Promise((resolve) => {
      transport.onmessage = resolve;
    });
    await transport.send(JSON.parse(put(toolCall('structured', { a: 'HERE' }), nest(3_000))) as never);
    expect(await told).toMatchObject({
      error: { code: -32600, message: 'The message has more than 100 levels of JSON' },
    });
    await transport.close();
  });
});

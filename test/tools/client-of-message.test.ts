import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import type { ToolResult } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const INFO = 'io.modelcontextprotocol/clientInfo';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

const form = { elicitation: { form: {} } };
const info = { name: 'x', version: '1' };

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  who(_input: object, { client }: McpContext) {
    return { era: client.era, capabilities: client.capabilities };
  }
}

describe.each(['express', 'fastify'] as const)('the client of a message, on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
    token = await server.token();
  });
  afterAll(() => server.close());

  test.each<[string, string, Record<string, unknown> | undefined, object]>([
    ['2025-11-25', 'no _meta', undefined, { era: 'legacy', capabilities: {} }],
    ['2025-11-25', 'its name', { [INFO]: info }, { era: 'legacy', capabilities: {} }],
    ['2025-11-25', 'capabilities', { [CAPABILITIES]: form }, { era: 'legacy', capabilities: {} }],
    ['2025-11-25', 'a level of the log', { [LOG_LEVEL]: 'info' }, { era: 'legacy', capabilities: {} }],
    ['2025-11-25', 'another key', { 'io.modelcontextprotocol/related': {} }, { era: 'legacy', capabilities: {} }],
    ['2025-06-18', 'its name', { [INFO]: info }, { era: 'legacy', capabilities: {} }],
    ['2026-07-28', 'an envelope', { [CAPABILITIES]: form }, { era: 'modern', capabilities: form }],
    ['2026-07-28', 'its name', { [CAPABILITIES]: {}, [INFO]: info }, { era: 'modern', capabilities: {} }],
    [
      '2026-07-28',
      'another key',
      { [CAPABILITIES]: form, 'io.modelcontextprotocol/related': {} },
      { era: 'modern', capabilities: form },
    ],
  ])('of %s with %s is of the era of its revision', async (revision, _what, meta, expected) => {
    const isModern = revision === '2026-07-28';
    const _meta = isModern ? { [VERSION]: revision, ...meta } : meta;
    const response = await fetch(server.resource, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${token}`,
        'mcp-protocol-version': revision,
        ...(isModern && { 'mcp-method': 'tools/call', 'mcp-name': 'who' }),
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'who', arguments: {}, ...(_meta && { _meta }) },
      }),
    });
    const text = await response.text();
    const json = text.startsWith('{') ? text : (/^data: (\{.*)$/m.exec(text)?.[1] ?? text);
    const { result } = JSON.parse(json) as { result: ToolResult };
    expect(result.structuredContent).toEqual(expected);
  });
});

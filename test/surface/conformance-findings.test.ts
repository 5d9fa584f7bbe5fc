import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const QUERY = z.object({
  region: z.string().optional().meta({ 'x-mcp-header': 'Region' }),
  page: z.object({ size: z.int().meta({ 'x-mcp-header': 'Page-Size' }) }).optional(),
  exact: z.boolean().optional().meta({ 'x-mcp-header': 'Exact' }),
});

@Injectable()
class Findings {
  @McpTool({ description: 'Has arguments that go along as headers', input: QUERY })
  query(input: z.infer<typeof QUERY>) {
    return JSON.stringify(input);
  }
}

interface Answer {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number };
}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [Findings] });
});
afterAll(() => server.close());

async function send(body: Record<string, unknown>, headers: Record<string, string> = {}) {
  const response = await post(server.resource, body, { token: await server.token(), headers });
  return { status: response.status, body: (await response.json()) as Answer };
}

describe('arguments that go along as headers', () => {
  test.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['as they are', { region: 'eu' }, { 'mcp-param-region': 'eu' }],
    ['in base64', { region: 'Zürich' }, { 'mcp-param-region': '=?base64?WsO8cmljaA==?=' }],
    ['as numbers', { page: { size: 42 } }, { 'mcp-param-page-size': '42.0' }],
    ['as booleans', { exact: true }, { 'mcp-param-exact': 'true' }],
    ['not at all, where there are none', {}, {}],
  ])('may come %s', async (_name, args, headers) => {
    expect(await send(toolCall('query', args), headers)).toMatchObject({
      status: 200,
      body: { result: { content: [{ text: JSON.stringify(args) }] } },
    });
  });

  test.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['are another value', { region: 'eu' }, { 'mcp-param-region': 'us' }],
    ['differ in case', { region: 'eu' }, { 'mcp-param-region': 'EU' }],
    ['are missing', { region: 'eu' }, {}],
    ['are there without an argument', {}, { 'mcp-param-region': 'eu' }],
    ['are missing further in', { page: { size: 42 } }, {}],
    ['are another number', { page: { size: 42 } }, { 'mcp-param-page-size': '43' }],
    ['are no number', { page: { size: 42 } }, { 'mcp-param-page-size': '0x2a' }],
    ['lack padding', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8?=' }],
    ['are no base64', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVs!!!bG8=?=' }],
    ['are no UTF-8', { region: '\uFFFD' }, { 'mcp-param-region': '=?base64?/w==?=' }],
  ])('are refused where they %s', async (_name, args, headers) => {
    expect(await send(toolCall('query', args), headers)).toMatchObject({
      status: 400,
      body: { id: 1, error: { code: -32020 } },
    });
  });

  test('are not asked for where a value is null', async () => {
    expect(await send(toolCall('query', { region: null }))).toMatchObject({
      status: 200,
      body: { result: { isError: true } },
    });
  });

  test.each<[string, z.ZodType, string]>([
    ['numbers', z.number().meta({ 'x-mcp-header': 'A' }), 'not a string, an integer or a boolean'],
    ['what may be null', z.string().nullable().meta({ 'x-mcp-header': 'A' }), 'not a string, an integer or a boolean'],
    ['entries of lists', z.array(z.string().meta({ 'x-mcp-header': 'A' })), 'in a place where clients ignore it'],
    ['names that no header has', z.string().meta({ 'x-mcp-header': 'A B' }), 'not a header name'],
    ['one name twice', z.object({ b: z.string().meta({ 'x-mcp-header': 'OTHER' }) }), 'two arguments'],
  ])('cannot be %s', async (_name, a, problem) => {
    class Wrong {
      @McpTool({ description: 'x', input: z.object({ a, c: z.string().meta({ 'x-mcp-header': 'Other' }) }) })
      query() {
        return 'x';
      }
    }
    await expect(startProtectedServer({ providers: [Wrong] })).rejects.toThrow(problem);
  });

  test('are not asked of clients of the revisions that know none', async () => {
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'query', arguments: { region: 'eu' } },
    };
    const response = await post(server.resource, body, {
      token: await server.token(),
      headers: { 'mcp-protocol-version': '2025-11-25' },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('{\\"region\\":\\"eu\\"}');
  });
});

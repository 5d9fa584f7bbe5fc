import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpPrompt, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { send } from '../proof/send.js';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const ROUTED = z.object({
  region: z.string().default('eu').meta({ 'x-mcp-header': 'Region' }),
  shard: z
    .object({ number: z.int().default(1).meta({ 'x-mcp-header': 'Shard' }) })
    .optional()
    .meta({ description: 'x' }),
  dry: z.boolean().default(false).meta({ 'x-mcp-header': 'Dry' }),
  // What is shown is text, and more is accepted.
  zone: z.coerce.string().optional().meta({ type: 'string', 'x-mcp-header': 'Zone' }),
});

const ran: unknown[] = [];

@Injectable()
class Offers {
  @McpTool({ description: 'x', input: ROUTED })
  routed(input: z.infer<typeof ROUTED>): string {
    ran.push(input);
    return 'done';
  }

  @McpTool({ description: 'x' })
  other(): string {
    ran.push('other');
    return 'done';
  }

  @McpPrompt({ description: 'x', name: 'a, b' })
  listed(): string {
    ran.push('a, b');
    return 'done';
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Offers] });
  });
  afterEach(() => {
    ran.length = 0;
  });
  afterAll(() => server.close());

  async function answerTo(body: Record<string, unknown>, headers: Record<string, string | string[]>) {
    const token = await server.token();
    const all = { ...headersFor(body, token), ...headers };
    const { status, text } = await send(server.resource, { body, headers: all });
    const code = /"code":(-?\d+)/.exec(text)?.[1];
    return { status, code: code === undefined ? undefined : Number(code) };
  }

  type Row = readonly [name: string, args: Record<string, unknown>, headers: Record<string, string | string[]>];

  const CONTRADICTING: readonly Row[] = [
    ['text where a default applies', {}, { 'mcp-param-region': 'us' }],
    ['the default itself', {}, { 'mcp-param-region': 'eu' }],
    ['text where the body has null', { region: null }, { 'mcp-param-region': 'us' }],
    ['a number where a default applies', { shard: {} }, { 'mcp-param-shard': '2' }],
    ['a number where there is no parent', {}, { 'mcp-param-shard': '2' }],
    ['a boolean where a default applies', {}, { 'mcp-param-dry': 'true' }],
    ['nothing where the default is given', { region: 'eu' }, {}],
    ['no text', { region: 'eu' }, { 'mcp-param-region': '' }],
    ['text for no text', { region: '' }, { 'mcp-param-region': 'eu' }],
    ['other case', { region: 'eu' }, { 'mcp-param-region': 'EU' }],
    ['another text in base64', { region: 'eu' }, { 'mcp-param-region': '=?base64?dXM=?=' }],
    ['base64 in an unknown spelling', { region: 'eu' }, { 'mcp-param-region': '=?BASE64?ZXU=?=' }],
    ['base64 without an end', { region: 'eu' }, { 'mcp-param-region': '=?base64?ZXU=' }],
    ['another form of Unicode', { region: 'é' }, { 'mcp-param-region': '=?base64?ZcyB?=' }],
    ['a byte that is no ASCII', { region: 'é' }, { 'mcp-param-region': 'é' }],
    ['percent-encoding', { region: 'a b' }, { 'mcp-param-region': 'a%20b' }],
    ['another number', { shard: { number: 2 } }, { 'mcp-param-shard': '3' }],
    ['a number in hexadecimal', { shard: { number: 2 } }, { 'mcp-param-shard': '0x2' }],
    ['a number with an exponent', { shard: { number: 2 } }, { 'mcp-param-shard': '2e0' }],
    ['a fraction too small to count', { shard: { number: 2 } }, { 'mcp-param-shard': '2.00000000000000000001' }],
    ['a boolean as a number', { dry: true }, { 'mcp-param-dry': '1' }],
    ['a boolean in capitals', { dry: true }, { 'mcp-param-dry': 'True' }],
    ['text for a list that is read as text', { zone: ['a'] }, { 'mcp-param-zone': 'b' }],
    ['nothing for a list that is read as text', { zone: ['a'] }, {}],
    ['another text for a number that is read as text', { zone: 7 }, { 'mcp-param-zone': '8' }],
    ['a number whose digits are lost', { zone: 2 ** 53 + 2 }, { 'mcp-param-zone': '9007199254740993' }],
    ['it twice', { region: 'eu' }, { 'mcp-param-region': ['eu', 'us'] }],
    ['it twice alike', { region: 'eu' }, { 'mcp-param-region': ['eu', 'eu'] }],
    ['it twice, which is the argument when joined', { region: 'eu, us' }, { 'mcp-param-region': ['eu', 'us'] }],
    ['it twice, in two cases', { region: 'eu' }, { 'Mcp-Param-Region': 'eu', 'mcp-param-REGION': 'us' }],
    ['an unknown one twice', { region: 'eu' }, { 'mcp-param-region': 'eu', 'mcp-param-unknown': ['1', '2'] }],
  ];

  test.each(CONTRADICTING)('headers of parameters with %s are refused', async (_name, args, headers) => {
    expect(await answerTo(toolCall('routed', args), headers)).toEqual({ status: 400, code: -32020 });
    expect(ran).toEqual([]);
  });

  const AGREEING: readonly Row[] = [
    ['of a default', {}, {}],
    ['of text', { region: 'us' }, { 'mcp-param-region': 'us' }],
    ['of text with a comma', { region: 'eu, us' }, { 'mcp-param-region': 'eu, us' }],
    ['in another case', { region: 'us' }, { 'MCP-PARAM-REGION': 'us' }],
    ['of text in base64', { region: 'é' }, { 'mcp-param-region': '=?base64?w6k=?=' }],
    ['of a number', { shard: { number: 2 } }, { 'mcp-param-shard': '2.0' }],
    ['of a boolean', { dry: true }, { 'mcp-param-dry': 'true' }],
    ['of a number that is read as text', { zone: 7 }, { 'mcp-param-zone': '7' }],
    ['that the schema does not know', {}, { 'mcp-param-unknown': '1' }],
    ['next to other headers that are there twice', { region: 'us' }, { 'mcp-param-region': 'us', 'x-a': ['1', '2'] }],
    [
      'next to a value that is called as one',
      { region: 'us' },
      { 'mcp-param-region': 'us', 'x-a': 'mcp-param-region' },
    ],
  ];

  test.each(AGREEING)('headers of parameters %s are accepted', async (_name, args, headers) => {
    expect(await answerTo(toolCall('routed', args), headers)).toEqual({ status: 200, code: undefined });
    expect(ran).toHaveLength(1);
  });

  const STANDARD: readonly (readonly [string, Record<string, unknown>, Record<string, string | string[]>])[] = [
    ['another tool', toolCall('other'), { 'mcp-name': 'routed' }],
    ['another tool in base64', toolCall('other'), { 'mcp-name': '=?base64?cm91dGVk?=' }],
    ['two tools', toolCall('other'), { 'mcp-name': ['other', 'routed'] }],
    ['one tool twice', toolCall('other'), { 'mcp-name': ['other', 'other'] }],
    ['two names that are the name when joined', message('prompts/get', { name: 'a, b' }), { 'mcp-name': ['a', 'b'] }],
    ['a tool in other case', toolCall('other'), { 'mcp-name': 'Other' }],
    ['another method', toolCall('other'), { 'mcp-method': 'tools/list' }],
    ['two methods', toolCall('other'), { 'mcp-method': ['tools/call', 'tools/list'] }],
    ['a method in base64', toolCall('other'), { 'mcp-method': '=?base64?dG9vbHMvY2FsbA==?=' }],
    ['two revisions', toolCall('other'), { 'mcp-protocol-version': ['2026-07-28', '2025-11-25'] }],
  ];

  /** The same message as clients of 2025-11-25 send it. */
  function toLegacy({ params, ...body }: Record<string, unknown>): Record<string, unknown> {
    const { _meta, ...rest } = params as Record<string, unknown>;
    return { ...body, params: rest };
  }

  test.each(STANDARD)('standard headers that name %s are refused', async (_name, body, headers) => {
    expect(await answerTo(body, headers)).toEqual({ status: 400, code: -32020 });
    expect(ran).toEqual([]);
  });

  test.each(STANDARD)('of an earlier revision, too: %s', async (_name, body, headers) => {
    const revision = { 'mcp-protocol-version': '2025-11-25' };
    expect(await answerTo(toLegacy(body), { ...revision, ...headers })).toEqual({ status: 400, code: -32020 });
    expect(ran).toEqual([]);
  });
});

import { Agent } from 'node:http';
import process from 'node:process';
import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type CompletionInput,
  McpCompletion,
  McpPrompt,
  McpResource,
  McpResourceTemplate,
  McpTool,
  type McpContext,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { ask, comparable, openBothPaths, type Path, type Sent } from './both-paths.js';

/** So many messages for each platform. `npm run test:oracle` sends ten times as many. */
const MESSAGES = Number(process.env.ORACLE_MESSAGES ?? 1_000);
const SEED = Number(process.env.ORACLE_SEED ?? 1);
const BATCH = 100;

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const CLIENT = 'io.modelcontextprotocol/clientInfo';
const LEVEL = 'io.modelcontextprotocol/logLevel';

@Injectable()
class Everything {
  @McpTool({ description: 'Says it again', input: z.object({ text: z.string() }) })
  echo({ text }: { text: string }) {
    return text;
  }

  @McpTool({
    description: 'Adds',
    input: z.object({ a: z.number(), b: z.number() }),
    output: z.object({ sum: z.number() }),
  })
  add({ a, b }: { a: number; b: number }) {
    return { sum: a + b };
  }

  @McpTool({ description: 'Lists', output: z.object({ all: z.array(z.number()) }) })
  numbers() {
    return { all: [1, 2, 3] };
  }

  @McpTool({ description: 'Speaks before its result' })
  async speak(_input: unknown, context: McpContext) {
    await context.progress(1, 2, 'half');
    await context.log('info', { at: 'half' });
    await context.log('error', 'wrong', 'speak');
    return 'done';
  }

  @McpTool({ description: 'Shows' })
  show() {
    return [{ type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' }];
  }

  @McpTool({ description: 'Fails' })
  fail() {
    throw new Error('inside');
  }

  @McpTool({ description: 'Speaks, and fails' })
  async speakAndFail(_input: unknown, context: McpContext) {
    await context.progress(1);
    throw new Error('inside');
  }

  @McpTool({ description: 'Speaks, and shows' })
  async speakAndShow(_input: unknown, context: McpContext) {
    await context.progress(1);
    return this.show();
  }

  @McpTool({ description: 'Asks', input: z.object({ what: z.string().optional() }) })
  async ask(_input: unknown, context: McpContext) {
    return await context.elicit('Sure?', z.object({ sure: z.boolean() }));
  }

  @McpTool({ description: 'For others', scopes: ['others'] })
  forOthers() {
    return 'never';
  }

  @McpPrompt({ description: 'Reviews', input: z.object({ code: z.string() }) })
  review({ code }: { code: string }) {
    return `Review ${code}`;
  }

  @McpCompletion({ prompt: 'review', argument: 'code' })
  codes({ value }: CompletionInput) {
    return [`${value}1`, `${value}2`];
  }

  @McpResource({ uri: 'everything://one', description: 'One' })
  one() {
    return 'one';
  }

  @McpResourceTemplate({
    uriTemplate: 'everything://{id}/more',
    input: z.object({ id: z.string() }),
    description: 'More',
  })
  more({ id }: { id: string }) {
    return { id };
  }
}

const METHODS: Readonly<Record<string, readonly object[]>> = {
  'tools/call': [
    { name: 'echo', arguments: { text: 'hello' } },
    { name: 'echo', arguments: { text: '\u2028 ü "\\' } },
    { name: 'echo', arguments: {} },
    { name: 'add', arguments: { a: 1, b: 2 } },
    { name: 'numbers' },
    { name: 'speak', arguments: {} },
    { name: 'show' },
    { name: 'fail' },
    { name: 'speakAndFail' },
    { name: 'speakAndShow' },
    { name: 'ask', arguments: {} },
    { name: 'forOthers' },
    { name: 'unknown' },
  ],
  'tools/list': [{}, { cursor: 'bad' }, { cursor: Buffer.from('after:echo').toString('base64url') }],
  'prompts/list': [{}],
  'prompts/get': [{ name: 'review', arguments: { code: 'x' } }, { name: 'review' }, { name: 'unknown' }],
  'resources/list': [{}],
  'resources/templates/list': [{}],
  'resources/read': [{ uri: 'everything://one' }, { uri: 'everything://7/more' }, { uri: 'everything://none' }],
  'completion/complete': [
    { ref: { type: 'ref/prompt', name: 'review' }, argument: { name: 'code', value: 'a' } },
    { ref: { type: 'ref/prompt', name: 'unknown' }, argument: { name: 'code', value: 'a' } },
  ],
  'server/discover': [{}],
  initialize: [
    { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo: { name: 'oracle', version: '1' } },
    { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'oracle', version: '1' } },
    { protocolVersion: '1.0', capabilities: {}, clientInfo: { name: 'oracle', version: '1' } },
    {},
  ],
  ping: [{}],
  'tasks/get': [{ taskId: 'x' }],
  'resources/subscribe': [{ uri: 'everything://one' }],
  'logging/setLevel': [{ level: 'error' }],
  'notifications/initialized': [{}],
  'no/such': [{}],
};

const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('', 'echo', null, 0, -1, [], {}, '__proto__'));

const modernMeta = {
  [VERSION]: '2026-07-28',
  [CAPABILITIES]: { elicitation: { form: {} } },
  [CLIENT]: { name: 'oracle', version: '1' },
};

const meta = fc.oneof(
  { arbitrary: fc.constant(modernMeta), weight: 9 },
  { arbitrary: fc.constant(undefined), weight: 7 },
  { arbitrary: fc.constantFrom({ progressToken: 7 }, { progressToken: 'p', 'acme.example/x': 1 }), weight: 3 },
  {
    arbitrary: fc.constantFrom(
      { ...modernMeta, progressToken: 'p', traceparent: 'x' },
      { ...modernMeta, [LEVEL]: 'error' },
      { ...modernMeta, [LEVEL]: 'debug', progressToken: 1 },
    ),
    weight: 4,
  },
  {
    arbitrary: fc.dictionary(
      fc.constantFrom(
        VERSION,
        CAPABILITIES,
        CLIENT,
        LEVEL,
        'progressToken',
        'io.modelcontextprotocol/related-task',
        'x',
      ),
      odd,
    ),
    weight: 2,
  },
  { arbitrary: odd, weight: 1 },
);

/** A value once in so many times. */
function seldom<Value>(value: fc.Arbitrary<Value>, times: number): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ arbitrary: fc.constant(undefined), weight: times }, { arbitrary: value, weight: 1 });
}

/** A message that is right, or has one thing or another that is not. */
const message = fc
  .record({
    method: fc.constantFrom(...Object.keys(METHODS)),
    which: fc.nat(),
    meta,
    id: fc.oneof(
      { arbitrary: fc.constantFrom(1, 'a', 0), weight: 8 },
      { arbitrary: fc.constantFrom(null, undefined, 1.5, -1, true, '', 2 ** 60), weight: 1 },
    ),
    jsonrpc: fc.oneof(
      { arbitrary: fc.constant('2.0'), weight: 15 },
      { arbitrary: fc.constantFrom('1.0', 2), weight: 1 },
    ),
    change: seldom(fc.tuple(fc.constantFrom('name', 'arguments', 'uri', 'cursor', 'ref', 'task', 'extra'), odd), 6),
    more: seldom(fc.tuple(fc.constantFrom('extra', 'result', 'error'), odd), 20),
  })
  .map(({ method, which, meta: sent, id, jsonrpc, change, more }) => {
    const kinds = METHODS[method] ?? [{}];
    const base = kinds[which % kinds.length] as Record<string, unknown>;
    const params = { ...base, ...(change && { [change[0]]: change[1] }), ...(sent !== undefined && { _meta: sent }) };
    const isEmpty = Object.keys(params).length === 0;
    return {
      jsonrpc,
      ...(id !== undefined && { id }),
      method,
      ...(!isEmpty && { params }),
      ...(more && { [more[0]]: more[1] }),
    };
  });

const accepts = ['application/json, text/event-stream', '*/*', 'application/json', 'text/event-stream', 'text/html'];

const sent: fc.Arbitrary<Sent> = fc
  .record({
    message,
    version: fc.oneof(
      { arbitrary: fc.constant('as it is'), weight: 8 },
      { arbitrary: fc.constantFrom('none', '2025-11-25', '2025-06-18', '2026-07-28', '1.0', ''), weight: 2 },
    ),
    method: fc.oneof(
      { arbitrary: fc.constant('as it is'), weight: 8 },
      { arbitrary: fc.constantFrom('none', 'tools/list', ''), weight: 1 },
    ),
    name: fc.oneof(
      { arbitrary: fc.constant('as it is'), weight: 8 },
      { arbitrary: fc.constantFrom('none', 'add', '=?base64?ZWNobw==?=', '=?base64?!?='), weight: 1 },
    ),
    accept: fc.oneof(
      { arbitrary: fc.constant(accepts[0] ?? ''), weight: 6 },
      { arbitrary: fc.constantFrom(...accepts), weight: 1 },
    ),
    type: fc.oneof(
      { arbitrary: fc.constant('application/json'), weight: 20 },
      { arbitrary: fc.constantFrom('application/json; charset=utf-8', 'APPLICATION/JSON', 'text/plain'), weight: 1 },
    ),
    conversation: fc.oneof(
      { arbitrary: fc.constant('none'), weight: 3 },
      { arbitrary: fc.constantFrom('one', 'garbage'), weight: 1 },
    ),
  })
  .map(({ message: body, version, method, name, accept, type, conversation }) => {
    const { params } = body as { params?: Record<string, unknown> };
    const claimed = (params?._meta as Record<string, unknown> | undefined)?.[VERSION];
    const isModern = typeof claimed === 'string';
    const named = params?.name ?? params?.uri;
    const put = (choice: string, right: unknown) => {
      if (choice === 'none') return undefined;
      if (choice !== 'as it is') return choice;
      return typeof right === 'string' && /^[\x21-\x7e]+$/.test(right) ? right : undefined;
    };
    const headers = {
      'content-type': type,
      accept,
      'mcp-protocol-version': put(version, isModern ? claimed : undefined),
      'mcp-method': put(method, isModern ? body.method : undefined),
      'mcp-name': put(name, isModern ? named : undefined),
      'mcp-session-id': conversation === 'none' ? undefined : conversation,
    };
    const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { headers: Object.fromEntries(given), body };
  });

describe.each(['express', 'fastify'] as const)('messages of all kinds, on %s', (platform) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let server: ProtectedServer;
  let token: string;
  let session: string;
  let count: { readonly direct: number };

  beforeAll(async () => {
    count = openBothPaths();
    server = await startProtectedServer({
      platform,
      providers: [Everything],
      options: { lists: { pageSize: 4 }, limits: { rate: { acceptUnlimitedRequests: true } } },
    });
    token = await server.token();
    const hello = await ask(
      server.resource,
      withCredentials({
        headers: { 'content-type': 'application/json', accept: accepts[0] ?? '' },
        // Nobody answers questions here.
        body: { jsonrpc: '2.0', id: 1, method: 'initialize', params: METHODS.initialize?.[1] },
      }),
      'direct',
      agent,
    );
    session = String(hello.raw['mcp-session-id']);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    agent.destroy();
    await server.close();
  });

  function withCredentials({ headers, body }: Sent): Sent {
    const withSession = headers['mcp-session-id'] === 'one' ? { ...headers, 'mcp-session-id': session } : headers;
    return { headers: { ...withSession, authorization: `Bearer ${token}` }, body };
  }

  test(`${MESSAGES} of them are answered as the SDK answers them`, async () => {
    const all = fc.sample(sent, { numRuns: MESSAGES, seed: SEED });
    for (let first = 0; first < all.length; first += BATCH) {
      const batch = all.slice(first, first + BATCH);
      const askAll = (path: Path) =>
        Promise.all(
          batch.map(async (one) => comparable(await ask(server.resource, withCredentials(one), path, agent))),
        );
      const answers = await askAll('direct');
      const oracle = await askAll('sdk');
      for (const [index, one] of batch.entries()) expect([one, answers[index]]).toEqual([one, oracle[index]]);
    }
    // The test would say nothing if the SDK answered all of them.
    expect(count.direct).toBeGreaterThan(MESSAGES / 8);
  }, 600_000);
});

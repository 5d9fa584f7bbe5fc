import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  McpCompletion,
  McpPrompt,
  McpResource,
  McpResourceList,
  McpResourceTemplate,
  McpTool,
  ToolError,
} from 'nestjs-mcp-auth';
import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { of } from 'rxjs';
import { z } from 'zod';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const text = (said: string) => ({ type: 'text', text: said });
const user = (said: string) => ({ role: 'user', content: text(said) });
const contents = (said: string) => ({ uri: `own://${said}`, text: said });

async function* stream(...items: readonly unknown[]): AsyncGenerator<unknown> {
  yield* items;
}

async function* returning(value: unknown): AsyncGenerator<unknown, unknown> {
  yield 'first';
  return value;
}

/** A result that says something else as JSON. */
function hiding(result: object, json: unknown): unknown {
  return Object.defineProperty(result, 'toJSON', { value: () => json, enumerable: false });
}

const failing = (error: Error) => () => {
  throw error;
};

const VALUES: Readonly<Record<string, () => unknown>> = {
  // Of tools.
  stream: () => stream('a', { b: 1 }, { content: [text('c')] }, [text('d')]),
  observable: () => of('a', 'b'),
  returning: () => returning('last'),
  progress: () => stream({ progress: 1, total: 2, message: 'half' }, 'done'),
  blocks: () => [text('a'), { ...text('b'), annotations: { priority: 1 } }],
  lookalike: () => ({ ...text('a'), more: 1 }),
  hidden: () => hiding({ content: [text('a')] }, { content: [text('b')] }),
  gone: () => hiding({ content: [text('a')] }, undefined),
  other: () => hiding({ content: [text('a')] }, 'b'),
  told: failing(Object.assign(new ToolError('told'), { message: 7 })),
  silent: failing(new ToolError('')),
  // Of resources.
  bytes: () => Uint8Array.of(1, 2),
  contents: () => contents('a'),
  list: () => [contents('a'), contents('b')],
  empty: () => [],
  nothing: () => undefined,
  structured: () => ({ content: [text('a')], structuredContent: { a: undefined, b: new Date(0) } }),
  noObject: () => ({ content: [text('a')], structuredContent: Object.assign(new Date(0), { a: 1 }) }),
  refused: () => ({ content: [text('a')], isError: true }),
  whole: () => ({ contents: [contents('a')] }),
  streamed: () => stream(contents('a'), 'b'),
  // Of prompts.
  prompt: () => ({ messages: [user('a')] }),
  messages: () => ['a', { role: 'assistant', content: text('b') }, text('c')],
  streamOfMessages: () => stream('a', ['b', 'c']),
  noMessage: () => [7],
};

/** A schema of objects that takes anything, and hands on what is in `value`. */
const anything: StandardSchemaWithJSON<unknown, Record<string, unknown>> = {
  '~standard': {
    version: 1,
    vendor: 'own',
    validate: (value) => ({ value: value as Record<string, unknown> }),
    jsonSchema: { input: () => ({ type: 'object' }), output: () => ({ type: 'object' }) },
  },
};

const input = z.object({ kind: z.string() });
const answer = ({ kind }: z.infer<typeof input>) => VALUES[kind]?.();

@Injectable()
class Everything {
  @McpTool({ description: 'x', input })
  tool(asked: z.infer<typeof input>): unknown {
    return answer(asked);
  }

  @McpTool({ description: 'x', input, output: anything })
  described(asked: z.infer<typeof input>) {
    return answer(asked) as Record<string, unknown>;
  }

  @McpPrompt({ description: 'What it says', input })
  prompt(asked: z.infer<typeof input>) {
    return answer(asked) as never;
  }

  @McpResourceTemplate({ uriTemplate: 'plain://{kind}', input })
  plain(asked: z.infer<typeof input>): unknown {
    return answer(asked);
  }

  @McpResourceTemplate({ uriTemplate: 'typed://{kind}', mimeType: 'text/x-own', input })
  typed(asked: z.infer<typeof input>): unknown {
    return answer(asked);
  }

  @McpResource({ uri: 'fixed://one' })
  fixed(): string {
    return 'one';
  }

  @McpPrompt({ name: 'completed', input: z.object({ a: z.string(), b: z.string(), c: z.string(), d: z.string() }) })
  completed(): string {
    return 'a';
  }

  @McpCompletion({ prompt: 'completed', argument: 'a' })
  completeA() {
    return undefined as never;
  }

  @McpCompletion({ prompt: 'completed', argument: 'b' })
  completeB() {
    return { values: ['x', 'y'], total: 7, hasMore: true };
  }

  @McpCompletion({ prompt: 'completed', argument: 'c' })
  completeC() {
    return { values: Array.from({ length: 101 }, (_one, index) => `${index}`) };
  }

  @McpResourceTemplate({ uriTemplate: 'lists://{kind}' })
  lists(): string {
    return 'a';
  }

  @McpResourceList({ resourceTemplate: 'lists://{kind}' })
  list() {
    return undefined as never;
  }

  @McpResourceTemplate({ uriTemplate: 'faulty://{kind}' })
  faulty(): string {
    return 'a';
  }

  @McpResourceList({ resourceTemplate: 'faulty://{kind}' })
  listFaulty() {
    return [{ uri: 7 }] as never;
  }
}

describe.each(['express', 'fastify'] as const)('what a method returns, on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Everything] });
    token = await server.token();
  });
  afterAll(() => server.close());

  async function ask(method: string, params: Record<string, unknown> = {}) {
    const name = params.name ?? params.uri;
    const headers = typeof name === 'string' ? { 'mcp-name': name } : {};
    const response = await post(server.resource, message(method, params), { token, headers });
    const { result, error } = (await response.json()) as {
      result?: Record<string, unknown>;
      error?: { code: number; message: string };
    };
    // What the protocol adds to every result is not of the method.
    const { resultType: _type, ttlMs: _ttl, cacheScope: _scope, _meta, ...own } = result ?? {};
    return { result: result && own, error: error && { code: error.code, message: error.message } };
  }

  test.each([
    ['stream', { content: [text('a'), text('{"b":1}'), text('c'), text('d')] }],
    ['observable', { content: [text('a'), text('b')] }],
    ['returning', { content: [text('last')] }],
    ['progress', { content: [text('done')] }],
    ['blocks', { content: [text('a'), { ...text('b'), annotations: { priority: 1 } }] }],
    [
      'lookalike',
      {
        content: [text('{"type":"text","text":"a","more":1}')],
        structuredContent: { type: 'text', text: 'a', more: 1 },
      },
    ],
    ['hidden', { content: [text('b')] }],
    ['told', { content: [text('The call failed.')], isError: true }],
    ['silent', { content: [text('')], isError: true }],
  ])('is the result of a tool: %s', async (kind, expected) => {
    const { result } = await ask('tools/call', { name: 'tool', arguments: { kind } });

    expect(result).toStrictEqual(expected);
  });

  test.each([
    ['tool', 'gone', 'what it is as JSON is no result'],
    ['tool', 'other', 'what it is as JSON is no result'],
    ['described', 'noObject', 'The structured content is not an object'],
    ['described', 'nothing', 'A undefined cannot be written as JSON'],
  ])('is no result of a %s: %s', async (name, kind, logged) => {
    server.log.lines.length = 0;

    const { result } = await ask('tools/call', { name, arguments: { kind } });

    expect(result).toMatchObject({ isError: true, content: [{ type: 'text' }] });
    expect(JSON.stringify(result)).toContain(`${name} failed, for a reason that is not shown here.`);
    expect(server.log.text).toContain(logged);
  });

  test.each([
    ['the last item of a stream', 'progress', { content: [text('"done"')] }],
    [
      'an object',
      'prompt',
      {
        content: [text(JSON.stringify({ messages: [user('a')] }))],
        structuredContent: { messages: [user('a')] },
      },
    ],
    [
      'a result, as its JSON says it',
      'structured',
      { content: [text('a')], structuredContent: { b: '1970-01-01T00:00:00.000Z' } },
    ],
    ['a refusal, which needs none', 'refused', { content: [text('a')], isError: true }],
  ])('fits a schema: %s', async (_what, kind, expected) => {
    const { result } = await ask('tools/call', { name: 'described', arguments: { kind } });

    expect(result).toStrictEqual(expected);
  });

  test.each([
    ['prompt', { messages: [user('a')] }],
    [
      'messages',
      { description: 'What it says', messages: [user('a'), { role: 'assistant', content: text('b') }, user('c')] },
    ],
    ['streamOfMessages', { description: 'What it says', messages: [user('a'), user('b'), user('c')] }],
  ])('is the messages of a prompt: %s', async (kind, expected) => {
    const { result } = await ask('prompts/get', { name: 'prompt', arguments: { kind } });

    expect(result).toStrictEqual(expected);
  });

  test.each([
    ['noMessage', /^prompt failed, for a reason that is not shown here\. Reference for support: /],
    ['silent', /^prompt failed$/],
    ['told', /^The call failed\.$/],
  ])('is no prompt: %s', async (kind, told) => {
    const { error } = await ask('prompts/get', { name: 'prompt', arguments: { kind } });

    expect(error).toStrictEqual({ code: -32603, message: expect.stringMatching(told) as unknown });
  });

  test.each([
    ['plain://bytes', [{ mimeType: 'application/octet-stream', blob: 'AQI=' }]],
    ['typed://bytes', [{ mimeType: 'text/x-own', blob: 'AQI=' }]],
    ['plain://empty', [{ mimeType: 'application/json', text: '[]' }]],
    ['typed://nothing', [{ mimeType: 'text/x-own', text: 'null' }]],
    ['plain://contents', [contents('a')]],
    ['plain://list', [contents('a'), contents('b')]],
    ['plain://whole', [contents('a')]],
    ['plain://streamed', [contents('a'), { mimeType: 'text/plain', text: 'b' }]],
  ])('is the contents of a resource: %s', async (uri, expected) => {
    const { result } = await ask('resources/read', { uri });

    expect(result).toStrictEqual({ contents: expected.map((one) => ({ uri, ...one })) });
  });

  test.each([
    ['a', { values: [], total: 0, hasMore: false }],
    ['b', { values: ['x', 'y'], total: 7, hasMore: true }],
    ['c', { values: Array.from({ length: 100 }, (_one, index) => `${index}`), hasMore: true }],
    ['d', { values: [], total: 0, hasMore: false }],
  ])('is the values of the argument %s', async (name, completion) => {
    const ref = { type: 'ref/prompt', name: 'completed' };

    const { result } = await ask('completion/complete', { ref, argument: { name, value: '' } });

    expect(result).toStrictEqual({ completion });
  });

  test('is nothing that a resource without variables completes', async () => {
    const ref = { type: 'ref/resource', uri: 'fixed://one' };

    const { result } = await ask('completion/complete', { ref, argument: { name: 'a', value: '' } });

    expect(result).toStrictEqual({ completion: { values: [], total: 0, hasMore: false } });
  });

  test('is no list of resources, and costs the others nothing', async () => {
    server.log.lines.length = 0;

    const { result } = await ask('resources/list');

    expect(result).toStrictEqual({ resources: [{ uri: 'fixed://one', name: 'fixed' }] });
    expect(server.log.text).toContain('lists://{kind} failed');
    expect(server.log.text).toContain('faulty://{kind} failed');
    expect(server.log.text).toContain('It did not return a list of resources');
  });
});

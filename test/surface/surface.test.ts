import { Injectable } from '@nestjs/common';
import { Client, StreamableHTTPClientTransport, type ClientOptions } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CurrentCaller,
  McpInput,
  McpCompletion,
  McpPrompt,
  McpResource,
  McpResourceList,
  McpResourceTemplate,
  McpTool,
  type McpContext,
} from 'nestjs-mcp-auth';
import { interval, map, take } from 'rxjs';
import { z } from 'zod';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const PIXEL = 'iVBORw0KGgo=';

@Injectable()
class Surface {
  readonly seen: unknown[] = [];
  begun: () => void = () => undefined;
  ended: () => void = () => undefined;

  @McpTool({
    description: 'Every kind of content',
    title: 'Kinds',
    annotations: { readOnlyHint: true, openWorldHint: false },
    icons: [{ src: 'https://acme.example/icon.png', mimeType: 'image/png' }],
    meta: { 'acme.example/team': 'orders' },
    scopes: ['surface:use'],
  })
  contents() {
    return [
      { type: 'text', text: 'one' },
      { type: 'image', data: PIXEL, mimeType: 'image/png' },
      { type: 'audio', data: PIXEL, mimeType: 'audio/wav' },
      { type: 'resource', resource: { uri: 'orders://7', text: 'seven' } },
      { type: 'resource_link', uri: 'orders://7', name: 'order' },
    ];
  }

  @McpTool({ description: 'Asks', input: z.object({ what: z.string() }), scopes: ['surface:use'] })
  async ask({ what }: { what: string }, context: McpContext) {
    const first = await context.elicit(`Really ${what}?`, z.object({ sure: z.boolean() }));
    const counted = await context.once('count', () => {
      this.seen.push(what);
      return this.seen.length;
    });
    const second = await context.elicit('How often?', z.object({ times: z.number() }));
    return { first, second, counted };
  }

  @McpTool({ description: 'Asks the model, and for roots', scopes: ['surface:use'] })
  async think(_input: unknown, context: McpContext) {
    const [answer, roots] = await Promise.all([
      context.sample({ messages: [{ role: 'user', content: { type: 'text', text: '2+2?' } }], maxTokens: 10 }),
      context.listRoots(),
    ]);
    return { answer: answer.content, roots };
  }

  @McpTool({ description: 'Sends to a page', scopes: ['surface:use'] })
  async page(_input: unknown, context: McpContext) {
    return await context.elicitUrl('Please sign.', 'https://acme.example/sign');
  }

  @McpTool({ description: 'Waits', scopes: ['surface:use'] })
  async wait(_input: unknown, { signal }: McpContext) {
    this.begun();
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
    this.ended();
  }

  @McpTool({ description: 'Streams', scopes: ['surface:use'] })
  async *stream() {
    yield 'a';
    yield { progress: 5, total: 10, message: 'half' };
    yield 'b';
    await Promise.resolve();
  }

  @McpTool({ description: 'Observes', scopes: ['surface:use'] })
  observe() {
    return interval(1).pipe(
      take(3),
      map((n) => `item ${n}`),
    );
  }

  @McpTool({ description: 'Logs', scopes: ['surface:use'] })
  async logs(_input: unknown, context: McpContext) {
    await context.log('info', { quiet: true });
    await context.log('error', { loud: true }, 'surface');
    return 'logged';
  }

  @McpTool({ description: 'Decorated', input: z.object({ id: z.string() }), scopes: ['surface:use'] })
  decorated(@CurrentCaller('subject') subject: string, @McpInput('id') id: string) {
    return `${subject} ${id}`;
  }

  @McpTool({ description: 'Slow', scopes: ['surface:use'], timeoutMs: 50 })
  async slow(_input: unknown, { signal }: McpContext) {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
    this.seen.push('aborted');
    return 'late';
  }

  @McpResource({ uri: 'config://app', description: 'Settings', mimeType: 'application/json', scopes: ['surface:read'] })
  config() {
    return { theme: 'dark' };
  }

  @McpResource({ uri: 'file://logo', mimeType: 'image/png' })
  logo() {
    return Buffer.from(PIXEL, 'base64');
  }

  @McpResourceTemplate({
    uriTemplate: 'orders://{id}',
    input: z.object({ id: z.string().regex(/^\d+$/) }),
    scopes: ['surface:read'],
  })
  order({ id }: { id: string }, { operation }: McpContext) {
    return { id, uri: operation.name };
  }

  @McpResourceList({ resourceTemplate: 'orders://{id}' })
  orders(_input: unknown, { caller }: McpContext) {
    return [{ uri: 'orders://7', name: `order of ${caller?.subject}` }];
  }

  @McpCompletion({ resourceTemplate: 'orders://{id}', argument: 'id' })
  ids({ value }: { value: string }) {
    return ['7', '70', '8'].filter((id) => id.startsWith(value));
  }

  @McpPrompt({
    description: 'Plans',
    input: z.object({ city: z.string().describe('Where to'), mood: z.enum(['calm', 'wild']).optional() }),
    scopes: ['surface:prompt'],
  })
  planTrip({ city, mood }: { city: string; mood?: 'calm' | 'wild' | undefined }) {
    return [
      `Plan a trip to ${city}`,
      { role: 'assistant' as const, content: { type: 'text' as const, text: mood ?? '-' } },
    ];
  }

  @McpCompletion({ prompt: 'plan_trip', argument: 'city' })
  cities({ value, arguments: known }: { value: string; arguments: Readonly<Record<string, string>> }) {
    return { values: [`${value}ern`, JSON.stringify(known)], total: 50, hasMore: true };
  }
}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [Surface] });
});

afterAll(() => server.close());

const ALL = 'surface:use surface:read surface:prompt';

async function connect(era: 'modern' | 'legacy', scope = ALL, options: ClientOptions = {}): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' }, ...options },
  );
  const token = await server.token(scope);
  await client.connect(
    new StreamableHTTPClientTransport(new URL(server.resource), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  );
  return client;
}

describe.each(['modern', 'legacy'] as const)('in the %s era', (era) => {
  let client: Client;
  beforeAll(async () => {
    client = await connect(era);
  });
  afterAll(() => client.close());

  test('a tool tells all of itself, and every kind of content', async () => {
    const { tools } = await client.listTools();
    expect(tools.find(({ name }) => name === 'contents')).toMatchObject({
      title: 'Kinds',
      icons: [{ src: 'https://acme.example/icon.png' }],
      _meta: { 'acme.example/team': 'orders' },
      annotations: { readOnlyHint: true, openWorldHint: false },
    });
    const { content } = await client.callTool({ name: 'contents' });
    expect((content as { type: string }[]).map(({ type }) => type)).toEqual([
      'text',
      'image',
      'audio',
      'resource',
      'resource_link',
    ]);
  });

  test('resources are listed, those of a template for their caller, and read', async () => {
    const { resources } = await client.listResources();
    expect(resources).toEqual([
      expect.objectContaining({ uri: 'config://app', name: 'config', description: 'Settings' }),
      expect.objectContaining({ uri: 'file://logo', mimeType: 'image/png' }),
      expect.objectContaining({ uri: 'orders://7', name: 'order of alice' }),
    ]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toEqual([expect.objectContaining({ uriTemplate: 'orders://{id}', name: 'order' })]);
    const read = async (uri: string) => (await client.readResource({ uri })).contents;
    expect(await read('config://app')).toEqual([
      { uri: 'config://app', mimeType: 'application/json', text: '{"theme":"dark"}' },
    ]);
    expect(await read('file://logo')).toEqual([{ uri: 'file://logo', mimeType: 'image/png', blob: PIXEL }]);
    expect(await read('orders://12')).toEqual([
      { uri: 'orders://12', mimeType: 'application/json', text: '{"id":"12","uri":"orders://12"}' },
    ]);
    await expect(read('orders://x')).rejects.toMatchObject({ code: -32602 });
    await expect(read('nothing://x')).rejects.toMatchObject({ code: -32602 });
  });

  test('prompts are listed, got and completed', async () => {
    const { prompts } = await client.listPrompts();
    expect(prompts).toEqual([
      expect.objectContaining({
        name: 'plan_trip',
        arguments: [
          { name: 'city', description: 'Where to', required: true },
          { name: 'mood', required: false },
        ],
      }),
    ]);
    const { messages } = await client.getPrompt({ name: 'plan_trip', arguments: { city: 'Bern' } });
    expect(messages).toEqual([
      { role: 'user', content: { type: 'text', text: 'Plan a trip to Bern' } },
      { role: 'assistant', content: { type: 'text', text: '-' } },
    ]);
    await expect(client.getPrompt({ name: 'plan_trip', arguments: {} })).rejects.toMatchObject({ code: -32602 });
    const completed = await client.complete({
      ref: { type: 'ref/prompt', name: 'plan_trip' },
      argument: { name: 'city', value: 'B' },
      context: { arguments: { mood: 'calm' } },
    });
    expect(completed.completion).toEqual({ values: ['Bern', '{"mood":"calm"}'], total: 50, hasMore: true });
    const choice = { ref: { type: 'ref/prompt' as const, name: 'plan_trip' }, argument: { name: 'mood', value: 'w' } };
    expect((await client.complete(choice)).completion.values).toEqual(['wild']);
    const id = { ref: { type: 'ref/resource' as const, uri: 'orders://{id}' }, argument: { name: 'id', value: '7' } };
    expect((await client.complete(id)).completion.values).toEqual(['7', '70']);
  });

  test('items are progress while they come, and the content in the end', async () => {
    const progress: unknown[] = [];
    const onprogress = (one: unknown) => void progress.push(one);
    const streamed = await client.callTool({ name: 'stream' }, { onprogress });
    expect(streamed.content).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]);
    expect(progress).toEqual([
      { progress: 1, message: 'a' },
      { progress: 5, total: 10, message: 'half' },
      { progress: 2, message: 'b' },
    ]);
    const observed = await client.callTool({ name: 'observe' });
    expect((observed.content as { text: string }[]).map(({ text }) => text)).toEqual(['item 0', 'item 1', 'item 2']);
  });

  test('parameters are what their decorators say', async () => {
    const { content } = await client.callTool({ name: 'decorated', arguments: { id: '7' } });
    expect(content).toEqual([{ type: 'text', text: 'alice 7' }]);
  });

  test('a call that takes too long is given up, and its method told', async () => {
    const result = await client.callTool({ name: 'slow' });
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('took longer') }] });
    expect(server.app.get(Surface).seen).toContain('aborted');
  });

  test('the user is asked, by one method for both eras, which does things once', async () => {
    const asked: string[] = [];
    const asking = await connect(era, ALL, { capabilities: { elicitation: { form: {} } } });
    asking.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push(params.message);
      return Promise.resolve({ action: 'accept', content: asked.length === 1 ? { sure: true } : { times: 3 } });
    });
    const { structuredContent } = await asking.callTool({ name: 'ask', arguments: { what: 'delete' } });
    expect(asked).toEqual(['Really delete?', 'How often?']);
    expect(structuredContent).toMatchObject({
      first: { action: 'accept', content: { sure: true } },
      second: { action: 'accept', content: { times: 3 } },
    });
    expect(server.app.get(Surface).seen.filter((one) => one === 'delete')).toHaveLength(era === 'modern' ? 1 : 2);
    await asking.close();
  });

  test('the model and the roots of the client are asked at once', async () => {
    const asking = await connect(era, ALL, { capabilities: { sampling: {}, roots: {} } });
    asking.setRequestHandler('sampling/createMessage', () =>
      Promise.resolve({ role: 'assistant', model: 'm', content: { type: 'text', text: '4' } }),
    );
    asking.setRequestHandler('roots/list', () => Promise.resolve({ roots: [{ uri: 'file:///work' }] }));
    const { structuredContent } = await asking.callTool({ name: 'think' });
    expect(structuredContent).toEqual({ answer: { type: 'text', text: '4' }, roots: [{ uri: 'file:///work' }] });
    await asking.close();
  });

  test('the user is sent to a page', async () => {
    const asking = await connect(era, ALL, { capabilities: { elicitation: { url: {} } } });
    const pages: unknown[] = [];
    asking.setRequestHandler('elicitation/create', ({ params }) => {
      pages.push('url' in params && params.url);
      return Promise.resolve({ action: 'accept' });
    });
    expect((await asking.callTool({ name: 'page' })).content).toEqual([{ type: 'text', text: 'accept' }]);
    expect(pages).toEqual(['https://acme.example/sign']);
    await asking.close();
  });

  test('a method is told that its client has given up', async () => {
    const surface = server.app.get(Surface);
    const begun = new Promise<void>((resolve) => (surface.begun = resolve));
    const ended = new Promise<void>((resolve) => (surface.ended = resolve));
    const controller = new AbortController();
    const calling = client.callTool({ name: 'wait' }, { signal: controller.signal });
    await begun;
    controller.abort();
    await expect(calling).rejects.toThrow();
    await ended;
  });

  test('a client that cannot be asked is told so', async () => {
    const call = client.callTool({ name: 'ask', arguments: { what: 'delete' } });
    if (era === 'modern') await expect(call).rejects.toMatchObject({ code: -32021 });
    else expect(await call).toMatchObject({ isError: true });
  });

  test('scopes are asked for, for each kind of thing', async () => {
    const poor = await connect(era, 'surface:none');
    const refused = { name: 'InsufficientScopeError' };
    await expect(poor.callTool({ name: 'contents' })).rejects.toMatchObject(refused);
    await expect(poor.readResource({ uri: 'config://app' })).rejects.toMatchObject(refused);
    await expect(poor.readResource({ uri: 'orders://7' })).rejects.toMatchObject(refused);
    await expect(poor.getPrompt({ name: 'plan_trip', arguments: { city: 'x' } })).rejects.toMatchObject(refused);
    const completion = {
      ref: { type: 'ref/prompt' as const, name: 'plan_trip' },
      argument: { name: 'city', value: '' },
    };
    await expect(poor.complete(completion)).rejects.toMatchObject(refused);
    expect((await poor.listResources()).resources.map(({ uri }) => uri)).toEqual(['config://app', 'file://logo']);
    await poor.close();
  });
});

test('a log goes to the client from the level on that it asks for', async () => {
  const client = await connect('legacy');
  const lines: unknown[] = [];
  client.setNotificationHandler('notifications/message', ({ params }) => void lines.push(params));
  await client.setLoggingLevel('error');
  await client.callTool({ name: 'logs' });
  expect(lines).toEqual([{ level: 'error', data: { loud: true }, logger: 'surface' }]);
  await client.close();
});

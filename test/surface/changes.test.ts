import { Injectable } from '@nestjs/common';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Denial, McpPrompt, McpRegistry, McpResource, McpTool, UsePolicy, type Policy } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

class Nobody implements Policy {
  permits() {
    return new Denial('Nobody may.');
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'One', scopes: ['use'] })
  one() {
    return 'one';
  }

  @McpPrompt({ description: 'Greets' })
  hello() {
    return 'Hello';
  }

  @McpResource({ uri: 'news://today', scopes: ['use'] })
  news() {
    return 'none';
  }

  @McpResource({ uri: 'news://secret', scopes: ['secret'] })
  secret() {
    return 'hush';
  }

  @UsePolicy(Nobody)
  @McpResource({ uri: 'news://nobody' })
  nobody() {
    return 'hush';
  }
}

let server: ProtectedServer;
let registry: McpRegistry;

beforeAll(async () => {
  server = await startProtectedServer({ platform: 'fastify', providers: [Tools], options: { lists: { ttlMs: 0 } } });
  registry = server.app.get(McpRegistry);
});

afterAll(() => server.close());

async function connect(era: 'modern' | 'legacy', claims: Record<string, unknown> = {}): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' } },
  );
  const token = await server.token('use', claims);
  await client.connect(
    new StreamableHTTPClientTransport(new URL(server.resource), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  );
  return client;
}

/** What a client is told, in order. */
class Told {
  readonly all: string[] = [];
  readonly #waiting = new Map<string, () => void>();

  constructor(client: Client) {
    const take = (what: string) => {
      this.all.push(what);
      this.#waiting.get(what)?.();
    };
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      take('tools');
    });
    client.setNotificationHandler('notifications/prompts/list_changed', () => {
      take('prompts');
    });
    client.setNotificationHandler('notifications/resources/list_changed', () => {
      take('resources');
    });
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      take(params.uri);
    });
  }

  async of(what: string): Promise<void> {
    if (this.all.includes(what)) return;
    await new Promise<void>((resolve) => this.#waiting.set(what, resolve));
  }
}

describe('what is registered at run time', () => {
  test('is there at once, behind its scopes and policies, and gone when it is removed', async () => {
    const client = await connect('modern');
    const names = async () => (await client.listTools()).tools.map(({ name }) => name);
    const add = await registry.registerTool(
      { name: 'add', description: 'Adds', input: z.object({ a: z.number(), b: z.number() }), scopes: ['use'] },
      ({ a, b }, { caller }) => `${caller?.subject}: ${a + b}`,
    );
    const hidden = await registry.registerTool({ name: 'hidden', description: 'x', scopes: ['more'] }, () => 'no');
    const denied = await registry.registerTool({ name: 'denied', description: 'x', policies: [Nobody] }, () => 'no');
    expect(await names()).toEqual(['add', 'denied', 'hidden', 'one']);
    const called = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    expect(called.content).toEqual([{ type: 'text', text: 'alice: 3' }]);
    expect(await client.callTool({ name: 'add', arguments: { a: 'x' } })).toMatchObject({ isError: true });
    await expect(client.callTool({ name: 'hidden' })).rejects.toMatchObject({ name: 'InsufficientScopeError' });
    expect(await client.callTool({ name: 'denied' })).toMatchObject({ isError: true });
    expect([add, hidden, denied].map((one) => one.remove())).toEqual([true, true, true]);
    expect(add.remove()).toBe(false);
    expect(await names()).toEqual(['one']);
    await expect(client.callTool({ name: 'add', arguments: { a: 1, b: 2 } })).rejects.toMatchObject({ code: -32602 });
    await client.close();
  });

  test('may be a resource, a template or a prompt', async () => {
    const client = await connect('modern');
    const registrations = [
      await registry.registerResource({ name: 'now', uri: 'clock://now' }, () => 'noon'),
      await registry.registerResourceTemplate({ name: 'zone', uriTemplate: 'clock://{zone}' }, (input) => input),
      await registry.registerPrompt(
        { name: 'greet', input: z.object({ who: z.string() }) },
        ({ who }) => `Hello ${who}`,
      ),
    ];
    const textOf = async (uri: string) => (await client.readResource({ uri })).contents[0];
    expect(await textOf('clock://now')).toMatchObject({ text: 'noon' });
    expect(await textOf('clock://utc')).toMatchObject({ text: '{"uri":"clock://utc","zone":"utc"}' });
    const { messages } = await client.getPrompt({ name: 'greet', arguments: { who: 'Bob' } });
    expect(messages).toEqual([{ role: 'user', content: { type: 'text', text: 'Hello Bob' } }]);
    for (const one of registrations) one.remove();
    await client.close();
  });

  test.each([
    ['a name that is taken', { name: 'one', description: 'x' }, 'Two tools are named "one"'],
    ['a name that is none', { name: 'a b', description: 'x' }, '`name` of registerTool'],
    [
      'a downstream that is not there',
      { name: 'x', description: 'x', downstream: 'none' },
      '`downstream` of registerTool',
    ],
    [
      'a server that is not there',
      { name: 'x', description: 'x', server: 'none' },
      'is the `server.name` of no McpAuthModule',
    ],
  ])('is refused for %s', async (_why, options, message) => {
    await expect(registry.registerTool(options, () => 1)).rejects.toThrow(message);
  });
});

describe.each(['modern', 'legacy'] as const)('clients of the %s era', (era) => {
  async function listen(client: Client): Promise<Told> {
    const told = new Told(client);
    if (era === 'modern') {
      await client.listen({
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true,
        resourceSubscriptions: ['news://today', 'news://secret', 'news://nobody', 'nothing://x'],
      });
    } else {
      await client.subscribeResource({ uri: 'news://today' });
      await expect(client.subscribeResource({ uri: 'news://secret' })).rejects.toMatchObject({
        name: 'InsufficientScopeError',
      });
      await expect(client.subscribeResource({ uri: 'news://nobody' })).rejects.toMatchObject({ code: -32602 });
    }
    return told;
  }

  test('hear of lists that have changed', async () => {
    const client = await connect(era);
    const told = await listen(client);
    (await registry.registerTool({ name: 'brief', description: 'x' }, () => 1)).remove();
    await told.of('tools');
    (await registry.registerPrompt({ name: 'brief' }, () => 'x')).remove();
    await told.of('prompts');
    (await registry.registerResource({ name: 'brief', uri: 'brief://x' }, () => 'x')).remove();
    await told.of('resources');
    await client.close();
  });

  test('hear of resources that they may read, and have subscribed to', async () => {
    const client = await connect(era);
    const told = await listen(client);
    for (const uri of ['news://secret', 'news://nobody', 'nothing://x', 'news://today'])
      registry.sendResourceUpdated(uri);
    await told.of('news://today');
    expect(told.all).toEqual(['news://today']);
    if (era === 'legacy') {
      await client.unsubscribeResource({ uri: 'news://today' });
      registry.sendResourceUpdated('news://today');
      (await registry.registerTool({ name: 'brief', description: 'x' }, () => 1)).remove();
      await told.of('tools');
      expect(told.all.filter((what) => what === 'news://today')).toHaveLength(1);
    }
    await client.close();
  });
});

test('a stream of the older revisions takes a token, and a conversation', async () => {
  const get = async (headers: Record<string, string>) => {
    const response = await fetch(server.resource, { headers: { accept: 'text/event-stream', ...headers } });
    await response.body?.cancel();
    return response.status;
  };
  const authorization = `Bearer ${await server.token('use')}`;
  const conversation = Buffer.from(
    JSON.stringify({
      id: '7f1b9a52-6a3a-4d4c-9f0e-5d3c0d0a5a11',
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    }),
  ).toString('base64url');
  expect(await get({ 'mcp-session-id': conversation })).toBe(401);
  expect(await get({ authorization })).toBe(405);
  expect(await get({ authorization, 'mcp-session-id': 'made-up' })).toBe(405);
  expect(await get({ authorization, 'mcp-session-id': conversation })).toBe(200);
});

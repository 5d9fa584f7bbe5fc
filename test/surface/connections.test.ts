import { Injectable } from '@nestjs/common';
import { Client, InMemoryTransport, type ClientOptions } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectInMemory, McpRegistry, McpResource, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { McpConnections } from '../../lib/entry/connections/mcp-connections.js';
import { isHeld } from '../support/garbage.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** Called when a waiting call begins, and when it was aborted. */
let begin: () => void = () => undefined;
let aborted: () => void = () => undefined;

@Injectable()
class Tools {
  @McpTool({ description: 'Who calls', scopes: ['who:read'] })
  who(_input: unknown, { caller }: McpContext) {
    return `${caller?.subject}`;
  }

  @McpTool({ description: 'Asks', scopes: ['who:read'] })
  async ask(_input: unknown, context: McpContext) {
    return await context.elicit('Sure?', z.object({ sure: z.boolean() }));
  }

  @McpTool({ description: 'Waits for the end of its call', scopes: ['who:read'] })
  async wait(_input: unknown, { signal }: McpContext) {
    begin();
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    aborted();
  }

  @McpResource({ uri: 'news://today', scopes: ['who:read'] })
  news() {
    return 'none';
  }

  @McpResource({ uri: 'news://secret', scopes: ['secret:read'] })
  secret() {
    return 'hush';
  }
}

let server: ProtectedServer;
let registry: McpRegistry;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [Tools] });
  registry = server.app.get(McpRegistry);
});

afterAll(() => server.close());

async function connect(
  era: 'modern' | 'legacy',
  token: string | (() => Promise<string>) | undefined,
  options: ClientOptions = {},
): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' }, ...options },
  );
  await client.connect(connectInMemory(server.app, token === undefined ? {} : { token }));
  return client;
}

describe.each(['modern', 'legacy'] as const)('in memory, in the %s era', (era) => {
  test('a tool runs as whoever the token stands for', async () => {
    const client = await connect(era, await server.token('who:read', { sub: 'bob' }));
    expect((await client.callTool({ name: 'who' })).content).toEqual([{ type: 'text', text: 'bob' }]);
    await client.close();
  });

  test('a token is asked for with each message, and verified', async () => {
    const tokens = [await server.token('who:read'), await server.token('who:read', { exp: 1 })];
    let calls = 0;
    const client = await connect(era, () => Promise.resolve(tokens[calls > 0 ? 1 : 0] ?? ''));
    await client.callTool({ name: 'who' });
    calls += 1;
    await expect(client.callTool({ name: 'who' })).rejects.toThrow(/invalid_token/);
    await client.close();
  });

  test('scopes are enforced, and said', async () => {
    const client = await connect(era, await server.token('other'));
    await expect(client.callTool({ name: 'who' })).rejects.toThrow(/insufficient_scope.*who:read/);
    await client.close();
  });

  test('without a token nothing is served', async () => {
    const client = await connect(era, undefined);
    await expect(client.listTools()).rejects.toThrow(/token is needed/);
    await client.close();
  });

  test('the user can be asked', async () => {
    const client = await connect(era, await server.token('who:read'), { capabilities: { elicitation: { form: {} } } });
    client.setRequestHandler('elicitation/create', () =>
      Promise.resolve({ action: 'accept', content: { sure: true } }),
    );
    const { structuredContent } = await client.callTool({ name: 'ask' });
    expect(structuredContent).toEqual({ action: 'accept', content: { sure: true } });
    await client.close();
  });

  test('a call whose client has gone is aborted', async () => {
    const client = await connect(era, await server.token('who:read'));
    const began = new Promise<void>((resolve) => (begin = resolve));
    const ended = new Promise<void>((resolve) => (aborted = resolve));
    const call = Promise.allSettled([client.callTool({ name: 'wait' })]);
    await began;
    await client.close();
    await ended;
    expect(await call).toMatchObject([{ status: 'rejected' }]);
  });

  test('nothing is told once the token is no longer good', async () => {
    const tokens = { current: await server.token('who:read') };
    const client = await connect(era, () => Promise.resolve(tokens.current));
    const told: string[] = [];
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      told.push('tools');
    });
    const heard = new Promise<void>((resolve) => {
      client.setNotificationHandler('notifications/prompts/list_changed', () => {
        resolve();
      });
    });
    if (era === 'modern') await client.listen({ toolsListChanged: true, promptsListChanged: true });
    else await client.listTools();
    tokens.current = await server.token('who:read', { exp: 1 });
    (await registry.registerTool({ name: `brief_${era}`, description: 'x' }, () => 1)).remove();
    tokens.current = await server.token('who:read');
    (await registry.registerPrompt({ name: `brief_${era}`, description: 'x' }, () => 'x')).remove();
    await heard;
    expect(told).toEqual([]);
    await client.close();
  });

  test('changes are told, of what may be read', async () => {
    const client = await connect(era, await server.token('who:read'));
    const told: string[] = [];
    const heard = new Promise<void>((resolve) => {
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        told.push(params.uri);
        resolve();
      });
    });
    if (era === 'modern') {
      await client.listen({ resourceSubscriptions: ['news://today', 'news://secret'] });
    } else {
      await client.subscribeResource({ uri: 'news://today' });
      await expect(client.subscribeResource({ uri: 'news://secret' })).rejects.toThrow(/insufficient_scope/);
    }
    registry.sendResourceUpdated('news://secret');
    registry.sendResourceUpdated('news://today');
    await heard;
    expect(told).toEqual(['news://today']);
    await client.close();
  });
});

describe.each(['modern', 'legacy', 'auto'] as const)('a connection of a client of the %s era', (mode) => {
  /** A connection that was used, and was closed. */
  async function close(side: 'client' | 'server' | 'application'): Promise<WeakRef<object>> {
    const [near, far] = InMemoryTransport.createLinkedPair();
    const connections = server.app.get(McpConnections, { strict: false });
    const token = await server.token('who:read');
    const source = () => Promise.resolve(token);
    const served = connections.serve(far, source);
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: mode === 'modern' ? { pin: '2026-07-28' } : mode } },
    );
    await client.connect(near);
    await client.callTool({ name: 'who' });
    const closed = new Promise<void>((resolve) => (client.onclose = resolve));
    if (side === 'application') await connections.onModuleDestroy();
    else await (side === 'client' ? client : served).close();
    await closed;
    return new WeakRef(source);
  }

  test.each(['client', 'server', 'application'] as const)(
    'that the %s has closed is kept by nobody, nor is its token',
    async (side) => {
      expect(await isHeld(await close(side))).toBe(false);
    },
  );
});

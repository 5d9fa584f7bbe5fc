import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpRegistry, McpResource, McpTool, UsePolicy, type Policy } from 'nestjs-mcp-auth';
import { aheadBy } from '../support/clocks.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

let isOpen = true;

class WhileOpen implements Policy {
  permits() {
    return isOpen;
  }
}

@Injectable()
class Offers {
  @McpTool({ description: 'x' })
  one() {
    return 1;
  }
  @UsePolicy(WhileOpen)
  @McpResource({ uri: 'news://today', scopes: ['use'] })
  news() {
    return 'none';
  }
}

describe.each(['express', 'fastify'] as const)('on %s, whoever may read a resource no more', (platform) => {
  let server: ProtectedServer;
  let registry: McpRegistry;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Offers, WhileOpen] });
    registry = server.app.get(McpRegistry);
  });
  afterEach(() => {
    isOpen = true;
    jest.restoreAllMocks();
  });
  afterAll(() => server.close());

  async function connect(era: 'modern' | 'legacy', claims: Record<string, unknown> = {}) {
    const options = { versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' } } as const;
    const client = new Client({ name: 'test', version: '1.0.0' }, options);
    const authorization = `Bearer ${await server.token('use', claims)}`;
    const transport = new StreamableHTTPClientTransport(new URL(server.resource), {
      requestInit: { headers: { authorization } },
    });
    await client.connect(transport);
    return { client, transport };
  }

  /** Something that everyone hears of. */
  async function changeTools(): Promise<void> {
    (await registry.registerTool({ name: 'brief', description: 'x' }, () => 1)).remove();
  }

  test.each(['modern', 'legacy'] as const)('hears nothing of it on a stream of the %s era', async (era) => {
    const { client } = await connect(era);
    const told: string[] = [];
    const listChanged = new Promise<void>((resolve) => {
      client.setNotificationHandler('notifications/tools/list_changed', () => {
        resolve();
      });
    });
    const updated = new Promise<void>((resolve) => {
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        told.push(params.uri);
        resolve();
      });
    });
    if (era === 'modern') await client.listen({ toolsListChanged: true, resourceSubscriptions: ['news://today'] });
    else await client.subscribeResource({ uri: 'news://today' });
    registry.sendResourceUpdated('news://today');
    await updated;
    isOpen = false;
    registry.sendResourceUpdated('news://today');
    await changeTools();
    await listChanged;
    expect(told).toEqual(['news://today']);
    await client.close();
  });

  test.each(['modern', 'legacy'] as const)(
    'hears nothing of it on a stream of the %s era that is late to end with its token',
    async (era) => {
      const { client } = await connect(era, { exp: Math.floor(Date.now() / 1000) + 3_600 });
      const told: string[] = [];
      const listChanged = new Promise<void>((resolve) => {
        client.setNotificationHandler('notifications/tools/list_changed', () => {
          resolve();
        });
      });
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        told.push(params.uri);
      });
      if (era === 'modern') await client.listen({ toolsListChanged: true, resourceSubscriptions: ['news://today'] });
      else await client.subscribeResource({ uri: 'news://today' });
      // The machine has slept, and no timer has run yet.
      aheadBy(3_600_001);
      registry.sendResourceUpdated('news://today');
      await changeTools();
      await listChanged;
      expect(told).toEqual([]);
      jest.restoreAllMocks();
      await client.close();
    },
  );

  test('hears nothing of it on a stream that a token without the scope has opened', async () => {
    const { client, transport } = await connect('legacy');
    await client.subscribeResource({ uri: 'news://today' });
    const response = await fetch(server.resource, {
      headers: {
        authorization: `Bearer ${await server.token('other')}`,
        accept: 'text/event-stream',
        'mcp-session-id': transport.sessionId ?? '',
      },
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    const hear = async () => decoder.decode((await reader.read()).value, { stream: true });
    let heard = await hear();
    registry.sendResourceUpdated('news://today');
    await changeTools();
    while (!heard.includes('tools/list_changed')) heard += await hear();
    expect(heard).not.toContain('news://today');
    await reader.cancel();
    await client.close();
  });
});

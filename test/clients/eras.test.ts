import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({
    description: 'Adds',
    input: z.object({ a: z.number(), b: z.number() }),
    output: z.object({ sum: z.number() }),
    scopes: ['add'],
  })
  add({ a, b }: { a: number; b: number }) {
    return { sum: a + b };
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  let requestInit: RequestInit;

  beforeAll(async () => {
    const title = 'Adder';
    const options = { server: { name: 'adder', version: '2.0.0', title, instructions: 'Add numbers.' } };
    server = await startProtectedServer({ platform, options, providers: [Tools] });
    requestInit = { headers: { authorization: `Bearer ${await server.token('add')}` } };
  });
  afterAll(() => server.close());

  test('a client of @modelcontextprotocol/sdk 1.x (2025-11-25) connects, lists and calls', async () => {
    const client = new ClientV1({ name: 'v1', version: '1.0.0' });
    const transport = new TransportV1(new URL(server.resource), { requestInit });
    await client.connect(transport);
    expect(transport.protocolVersion).toBe('2025-11-25');
    expect(client.getServerVersion()).toMatchObject({ name: 'adder', version: '2.0.0', title: 'Adder' });
    expect(client.getInstructions()).toBe('Add numbers.');
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['add']);
    const result = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    expect(result.structuredContent).toEqual({ sum: 3 });
    await client.ping();
    await client.close();
  });

  test.each(['2025-11-25', '2026-07-28'])(
    'a client of @modelcontextprotocol/client 2.x (%s) connects, lists and calls',
    async (revision) => {
      const mode = revision === '2025-11-25' ? 'legacy' : { pin: revision };
      const client = new Client({ name: 'v2', version: '1.0.0' }, { versionNegotiation: { mode } });
      await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), { requestInit }));
      expect(client.getNegotiatedProtocolVersion()).toBe(revision);
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['add']);
      const result = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
      expect(result.structuredContent).toEqual({ sum: 3 });
      await client.close();
    },
  );
});

import type { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { startQuickstart, type Quickstart } from '../../../sample/quickstart/quickstart.js';
import { ClientQuickstart } from './client-quickstart.js';
import { describeWith, environmentIn, mcpRemote } from './installed-clients.js';
import { Terminal } from './terminal.js';

const TOOLS = ['cancel_order', 'create_order', 'find_order', 'list_orders', 'whoami'];
const DISCOVERY = [
  'mcp GET /.well-known/oauth-protected-resource/mcp 200',
  'auth GET /.well-known/oauth-authorization-server 200',
];
const ORDER = { name: 'create_order', arguments: { item: 'pump', quantity: 1 } };

let servers: Quickstart;
let quickstart: ClientQuickstart;
let closings: (() => Promise<void>)[];
beforeAll(async () => {
  servers = await startQuickstart({ mcpPort: 0, authPort: 0, apiPort: 0 });
});
afterAll(() => servers.close());
beforeEach(async () => {
  closings = [];
  quickstart = await ClientQuickstart.of(servers);
});
afterEach(async () => {
  for (const close of closings) await close();
  await quickstart.close();
});

describeWith(mcpRemote, 'mcp-remote', ({ command, args }) => {
  /** An application that knows local servers alone, with alice in front of it. */
  async function connect(...options: string[]) {
    const transport = new StdioClientTransport({
      command,
      args: [...args, quickstart.mcpUrl, ...options],
      env: environmentIn(quickstart.home),
      stderr: 'pipe',
    });
    // At a step-up, it shows the address before it can be reached.
    const terminal = new Terminal('alice', transport.stderr as Readable, { waits: /callback server running/g });
    const client = new Client({ name: 'desktop', version: '1.0.0' }, { versionNegotiation: { mode: 'legacy' } });
    closings.push(() => transport.close());
    await terminal.during(client.connect(transport));
    return { client, terminal };
  }

  test('finds the way in, signs in, and steps up', async () => {
    const { client, terminal } = await connect();

    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOLS);
    const found = await client.callTool({ name: 'find_order', arguments: { id: '1001' } });
    expect(found.structuredContent).toMatchObject({ id: '1001', owner: 'alice' });
    expect(quickstart.events.lastRequest().claims).toMatchObject({
      aud: quickstart.apiUrl,
      sub: 'alice',
      act: { sub: 'mcp-server' },
      scope: 'orders:read',
    });
    const created = await terminal.during(client.callTool(ORDER));
    expect(created.structuredContent).toMatchObject({ item: 'pump', owner: 'alice' });

    expect(terminal.requests.map((request) => request.get('scope'))).toEqual([
      'orders:read',
      'orders:read orders:write',
    ]);
    expect(quickstart.requests.trail).toEqual([
      'mcp GET /mcp 401',
      ...DISCOVERY,
      'mcp GET /mcp 401',
      'mcp POST /mcp 401',
      ...DISCOVERY,
      'auth POST /reg 201',
      'auth POST /token 200',
      'mcp POST /mcp 200',
      'mcp POST /mcp 403',
      ...DISCOVERY,
      'auth POST /token 200',
      'mcp POST /mcp 200',
    ]);
  });

  test('is known by its metadata document, without registration', async () => {
    const clientId = await quickstart.publishMetadata('http://127.0.0.1/oauth/callback');

    const { client } = await connect('--host', '127.0.0.1', '--client-metadata-url', clientId);
    const { structuredContent } = await client.callTool({ name: 'find_order', arguments: { id: '1001' } });

    expect(structuredContent).toMatchObject({ owner: 'alice' });
    expect(quickstart.events.lastToken('authorization_code')).toMatchObject({ clientId });
    expect(quickstart.requests.trail).not.toContain('auth POST /reg 201');
  });

  test('sends a token that it is given, and cannot step up from it', async () => {
    const { client, terminal } = await connect('--header', `Authorization: Bearer ${await quickstart.token()}`);

    const found = await client.callTool({ name: 'find_order', arguments: { id: '1001' } });
    expect(found.structuredContent).toMatchObject({ owner: 'alice' });
    expect(terminal.requests).toEqual([]);
    await expect(terminal.during(client.callTool(ORDER))).rejects.toThrow(/^mcp-remote: /);

    // It asks for what it lacks alone, and sends the token that it was given to the authorization server as well.
    expect(terminal.requests.map((request) => request.get('scope'))).toEqual(['orders:write']);
    expect(quickstart.requests.trail.slice(-5)).toEqual([
      'mcp POST /mcp 403',
      ...DISCOVERY,
      'auth POST /reg 201',
      'auth POST /token 400',
    ]);
  });
});

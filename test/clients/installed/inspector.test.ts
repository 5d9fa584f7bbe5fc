import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startQuickstart, type Quickstart } from '../../../sample/quickstart/quickstart.js';
import { ClientQuickstart } from './client-quickstart.js';
import { describeWith, environmentIn, inspector } from './installed-clients.js';
import { Terminal } from './terminal.js';

const FIND = ['--method', 'tools/call', '--tool-name', 'find_order', '--tool-args-json', '{"id":"1001"}'];
const CREATE = [
  '--method',
  'tools/call',
  '--tool-name',
  'create_order',
  '--tool-args-json',
  '{"item":"pump","quantity":1}',
];

const TOOLS = ['cancel_order', 'create_order', 'find_order', 'list_orders', 'whoami'];

interface Answer {
  readonly result?: { readonly tools?: readonly { readonly name: string }[]; readonly structuredContent?: unknown };
}

let servers: Quickstart;
let quickstart: ClientQuickstart;
beforeAll(async () => {
  servers = await startQuickstart({ mcpPort: 0, authPort: 0, apiPort: 0 });
});
afterAll(() => servers.close());
beforeEach(async () => {
  quickstart = await ClientQuickstart.of(servers);
});
afterEach(() => quickstart.close());

describeWith(inspector, "the Inspector's command line", ({ command, args }) => {
  /** One command, with alice in front of it. */
  async function run(options: readonly string[], { agrees = true } = {}) {
    const child = spawn(command, [...args, '--cli', '--format', 'json', ...options], {
      env: { ...environmentIn(quickstart.home), MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' },
    });
    const terminal = new Terminal('alice', child.stderr, { input: child.stdin });
    terminal.agrees = agrees;
    try {
      const [output, [status]] = await terminal.during(
        Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]),
      );
      const [error] = /\{"error".*\}$/m.exec(terminal.output) ?? [];
      return {
        status,
        answer: (output === '' ? undefined : JSON.parse(output)) as Answer | undefined,
        error: (error === undefined ? undefined : JSON.parse(error)) as unknown,
        scopes: terminal.requests.map((request) => request.get('scope')),
      };
    } finally {
      child.kill();
    }
  }

  test.each(['legacy', 'modern'])(
    'finds the way in, signs in, lists, and calls with what it keeps: %s',
    async (era) => {
      const server = [quickstart.mcpUrl, '--protocol-era', era, '--callback-url', await callback()];

      const listed = await run([...server, '--method', 'tools/list']);
      const found = await run([...server, ...FIND]);

      expect(listed).toMatchObject({ status: 0, scopes: ['orders:read'] });
      expect(listed.answer?.result?.tools?.map(({ name }) => name)).toEqual(TOOLS);
      expect(found).toMatchObject({
        status: 0,
        scopes: [],
        answer: { result: { structuredContent: { owner: 'alice' } } },
      });
      expect(quickstart.requests.trail).toEqual([
        'mcp POST /mcp 401',
        'mcp GET /.well-known/oauth-protected-resource/mcp 200',
        'auth GET /.well-known/oauth-authorization-server 200',
        'auth POST /reg 201',
        'auth POST /token 200',
        'mcp POST /mcp 200',
      ]);
      expect(quickstart.events.lastRequest()).toMatchObject({ path: '/orders/1001', claims: exchanged() });
    },
  );

  test('asks its user before it steps up', async () => {
    const server = await configured();

    const declined = await run([...server, ...CREATE], { agrees: false });
    const trail = quickstart.requests.trail;
    const created = await run([...server, ...CREATE]);

    expect(declined).toMatchObject({
      status: 1,
      scopes: ['orders:read'],
      error: { error: { message: 'Step-up authorization declined.' } },
    });
    expect(trail.slice(-2)).toEqual(['mcp POST /mcp 200', 'mcp POST /mcp 403']);
    expect(created).toMatchObject({ status: 0, scopes: ['orders:read orders:write'] });
    expect(created.answer).toMatchObject({ result: { structuredContent: { item: 'pump', owner: 'alice' } } });
    expect(quickstart.requests.trail.slice(trail.length)).toEqual([
      'mcp POST /mcp 200',
      'mcp POST /mcp 403',
      'auth POST /token 200',
      'mcp POST /mcp 200',
    ]);
  });

  test('refreshes its token where it is given an address and nothing else, and gives up', async () => {
    const server = [quickstart.mcpUrl, '--callback-url', await callback()];

    await run([...server, ...FIND]);
    const refused = await run([...server, ...CREATE]);

    expect(refused).toMatchObject({ status: 1, answer: undefined, scopes: [] });
    // The second time with the refresh token, which cannot widen what it stands for.
    expect(quickstart.requests.trail.slice(-3)).toEqual([
      'mcp POST /mcp 200',
      'mcp POST /mcp 403',
      'auth POST /token 200',
    ]);
    expect(quickstart.events.lastToken('refresh_token').claims).toMatchObject({ scope: 'orders:read' });
  });

  test('is known by its metadata document, without registration', async () => {
    const redirectUri = await callback();
    const clientId = await quickstart.publishMetadata(redirectUri);

    const server = [quickstart.mcpUrl, '--callback-url', redirectUri, '--client-metadata-url', clientId];
    const created = await run([...server, ...CREATE]);

    expect(created).toMatchObject({ status: 0, scopes: ['orders:read', 'orders:read orders:write'] });
    expect(quickstart.events.lastToken('authorization_code')).toMatchObject({ clientId });
    expect(quickstart.requests.trail).not.toContain('auth POST /reg 201');
  });

  test('sends a token that it is given, and says that it does not suffice', async () => {
    const server = [quickstart.mcpUrl, '--header', `Authorization: Bearer ${await quickstart.token()}`];

    const found = await run([...server, ...FIND]);
    const refused = await run([...server, ...CREATE]);

    expect(found.answer).toMatchObject({ result: { structuredContent: { owner: 'alice' } } });
    expect(refused).toMatchObject({ status: 1, answer: undefined, scopes: [] });
    expect(refused.error).toMatchObject({ error: { message: 'Insufficient scope: required "orders:write"' } });
  });

  test('says that it needs a user where there is none', async () => {
    const refused = await run([quickstart.mcpUrl, '--stored-auth-only', ...FIND]);

    expect(refused).toMatchObject({ status: 3, answer: undefined, error: { error: { code: 'auth_required' } } });
  });

  /** What the API saw: a token for itself, of the user, got by the MCP server. */
  const exchanged = () => ({ aud: quickstart.apiUrl, sub: 'alice', act: { sub: 'mcp-server' } });

  /** A configuration file that says something of OAuth, whatever it is. */
  async function configured(): Promise<string[]> {
    const file = join(quickstart.home, 'mcp.json');
    const orders = { type: 'streamable-http', url: quickstart.mcpUrl, oauth: { scopes: 'orders:read' } };
    await writeFile(file, JSON.stringify({ mcpServers: { orders } }));
    return ['--config', file, '--server', 'orders', '--callback-url', await callback()];
  }
});

/** The Inspector registers the port that it waits at, and has to know it beforehand. */
async function callback(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}/oauth/callback`;
}

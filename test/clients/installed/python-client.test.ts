import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ScriptlessBrowser } from '../../../sample/quickstart/walkthrough/scriptless-browser.js';
import { signIn } from '../../../sample/quickstart/walkthrough/sign-in.js';
import { startQuickstart, type Quickstart } from '../../../sample/quickstart/quickstart.js';
import { ClientQuickstart } from './client-quickstart.js';
import { describeWith, environmentIn, pythonClient } from './installed-clients.js';

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

describeWith(pythonClient, "the Python SDK's client", ({ command, args }) => {
  /** What the API saw: a token for itself, of the user, got by the MCP server. */
  const exchanged = () => ({ aud: quickstart.apiUrl, sub: 'alice', act: { sub: 'mcp-server' } });

  /** Lists, finds an order, and creates one, while alice is there to sign in. */
  async function run(...options: string[]) {
    const child = spawn(command, [...args, quickstart.mcpUrl, ...options], {
      env: environmentIn(quickstart.home),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const browser = new ScriptlessBrowser();
    const scopes: (string | null)[] = [];
    const resources: (string | null)[] = [];
    const said: Record<string, unknown> = {};
    try {
      for await (const line of createInterface(child.stdout)) {
        const { open, ...rest } = JSON.parse(line) as { open?: string };
        Object.assign(said, rest);
        if (open === undefined) continue;
        scopes.push(new URL(open).searchParams.get('scope'));
        resources.push(new URL(open).searchParams.get('resource'));
        child.stdin.write(`${(await signIn(open, { username: 'alice', browser })).href}\n`);
      }
    } finally {
      child.kill();
    }
    expect(await ended).toEqual([0, null]);
    return { scopes, resources, said };
  }

  test.each([
    ['auto', '2026-07-28'],
    ['legacy', '2025-11-25'],
  ])('finds the way in, signs in, and steps up: %s (%s)', async (mode, version) => {
    const { scopes, resources, said } = await run(mode);

    expect(said).toEqual({
      version,
      tools: ['cancel_order', 'create_order', 'find_order', 'list_orders', 'whoami'],
      found: expect.objectContaining({ id: '1001', owner: 'alice' }),
      created: expect.objectContaining({ item: 'pump', owner: 'alice' }),
    });
    // What the step-up asks for is what the client had, and what it lacked.
    expect(scopes).toEqual(['orders:read', 'orders:read orders:write']);
    expect(resources).toEqual([quickstart.mcpUrl, quickstart.mcpUrl]);
    expect(quickstart.events.lastToken('authorization_code')).toMatchObject({ resource: quickstart.mcpUrl });
    expect(quickstart.requests.trail).toEqual([
      'mcp POST /mcp 401',
      'mcp GET /.well-known/oauth-protected-resource/mcp 200',
      'auth GET /.well-known/oauth-authorization-server 200',
      'auth POST /reg 201',
      'auth POST /token 200',
      'mcp POST /mcp 200',
      'mcp POST /mcp 403',
      'auth POST /token 200',
      'mcp POST /mcp 200',
      // It ends what it takes for a session. There is none.
      ...(mode === 'legacy' ? ['mcp DELETE /mcp 405'] : []),
    ]);
    expect(quickstart.events.lastRequest()).toMatchObject({ method: 'POST', path: '/orders', claims: exchanged() });
  });

  test('is known by its metadata document, without registration', async () => {
    const clientId = await quickstart.publishMetadata('http://127.0.0.1/callback');

    const { said } = await run('auto', clientId);

    expect(said).toHaveProperty('created.owner', 'alice');
    expect(quickstart.events.lastToken('authorization_code')).toMatchObject({ clientId });
    expect(quickstart.requests.trail).not.toContain('auth POST /reg 201');
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startQuickstart, type Quickstart } from '../../../sample/quickstart/quickstart.js';
import { signIn } from '../../../sample/quickstart/walkthrough/sign-in.js';
import { createServerWith, refuseFirstToken } from '../initial-scopes-server.js';
import { ClientQuickstart } from './client-quickstart.js';
import { aiSdk, describeWith, environmentIn } from './installed-clients.js';

describeWith(aiSdk, '@ai-sdk/mcp', ({ command, args }) => {
  const ports = { mcpPort: 0, authPort: 0, apiPort: 0 };
  let usual: Quickstart;
  let remedied: Quickstart;
  beforeAll(async () => {
    usual = await startQuickstart(ports);
    remedied = await startQuickstart(ports, createServerWith(['orders:read', 'orders:write']));
  });
  afterAll(async () => {
    await usual.close();
    await remedied.close();
  });

  /** Lists, finds an order, and tries to create one, while alice is there to sign in. */
  async function run(servers: Quickstart) {
    const quickstart = await ClientQuickstart.of(servers);
    const [script = '', modules = ''] = args;
    const child = spawn(command, [script, quickstart.mcpUrl, modules], {
      env: environmentIn(quickstart.home),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const scopes: (string | null)[] = [];
    const said: Record<string, unknown> = {};
    try {
      for await (const line of createInterface(child.stdout)) {
        const { open, ...rest } = JSON.parse(line) as { open?: string };
        Object.assign(said, rest);
        if (open === undefined) continue;
        scopes.push(new URL(open).searchParams.get('scope'));
        child.stdin.write(`${(await signIn(open, { username: 'alice' })).href}\n`);
      }
    } finally {
      child.kill();
      await quickstart.close();
    }
    expect(await ended).toEqual([0, null]);
    return { scopes, said, trail: quickstart.requests.trail };
  }

  test('finds the way in, signs in, lists and calls; and does not step up', async () => {
    const { scopes, said, trail } = await run(usual);
    expect(scopes).toEqual(['orders:read']);
    expect(said.tools).toContain('create_order');
    expect(said.found).toMatchObject({ result: { id: '1001', owner: 'alice' } });
    expect(said.created).toEqual({ error: expect.stringContaining('403') });
    expect(trail[0]).toBe('mcp POST /mcp 401');
    expect(trail.filter((line) => line.startsWith('mcp POST /mcp 403'))).toHaveLength(1);
  });

  test('with scopes.initial it asks for all, and may call all', async () => {
    const { scopes, said, trail } = await run(remedied);
    expect(scopes).toEqual(['orders:read orders:write']);
    expect(said.found).toMatchObject({ result: { id: '1001', owner: 'alice' } });
    expect(said.created).toMatchObject({ result: { item: 'pump', owner: 'alice' } });
    expect(trail).not.toContain('mcp POST /mcp 403');
  });

  test('refreshes a token that the server refuses', async () => {
    const scopes = ['orders:read', 'orders:write'];
    const refusing = await startQuickstart(ports, createServerWith(scopes, refuseFirstToken()));
    const grants: [grantType: string, resource: string | undefined][] = [];
    refusing.events.on('token', ({ clientId, grantType, resource }) => {
      if (clientId !== 'mcp-server') grants.push([grantType, resource]);
    });
    const { said } = await run(refusing).finally(() => refusing.close());

    expect(said.found).toMatchObject({ result: { id: '1001', owner: 'alice' } });
    expect(grants).toEqual([
      ['authorization_code', refusing.mcpUrl],
      ['refresh_token', refusing.mcpUrl],
    ]);
  });
});

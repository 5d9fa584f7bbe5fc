import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startQuickstart, type Quickstart } from '../../../sample/quickstart/quickstart.js';
import { createServerWith } from '../initial-scopes-server.js';
import { createOlderServer } from './older-server.js';
import { describeWith, goProgram } from './page-program.js';
import { expectStepUp, runAt, runAtOther } from './quickstart-run.js';

const DISCOVERY = [
  'mcp GET /.well-known/oauth-protected-resource/mcp 200',
  'auth GET /.well-known/oauth-authorization-server 200',
];

describeWith(goProgram, 'the program of docs/clients/go.md', (program) => {
  let servers: Quickstart;
  beforeAll(async () => {
    servers = await startQuickstart({ mcpPort: 0, authPort: 0, apiPort: 0 });
  });
  afterAll(() => servers.close());

  test('finds the way in, registers itself, signs in, and steps up', async () => {
    const run = await runAt(servers, program);
    const { protocolVersion, trail, tokens } = run;

    expect(protocolVersion).toBe('2026-07-28');
    expectStepUp(run);
    // It registers itself again for each sign-in.
    expect(trail).toEqual([
      'mcp POST /mcp 401',
      ...DISCOVERY,
      'auth POST /reg 201',
      'auth POST /token 200',
      'mcp POST /mcp 200',
      'mcp POST /mcp 403',
      ...DISCOVERY,
      'auth POST /reg 201',
      'auth POST /token 200',
      'mcp POST /mcp 200',
    ]);
    expect(new Set(tokens.map(({ clientId }) => clientId)).size).toBe(2);
  });

  test('is known by its metadata document, though its first token request has HTTP Basic and is refused', async () => {
    const { clientId, answers, trail, tokens } = await runAt(servers, program, { hasDocument: true });

    expect(answers).toHaveLength(2);
    expect(trail).not.toContain('auth POST /reg 201');
    expect(tokens.map(({ clientId, status }) => [clientId, status])).toEqual([
      ['', 400],
      [clientId, 200],
      ['', 400],
      [clientId, 200],
    ]);
  });

  test('refreshes before a token has run out, and names no resource then', async () => {
    const shortLived = { createServer: createServerWith(['orders:read', 'orders:write']), accessTokenLifetime: 9 };
    const { mcpUrl, requests, answers, tokens } = await runAtOther(shortLived, program);

    expect(answers).toHaveLength(2);
    expect(requests.map((request) => request.get('scope'))).toEqual(['orders:read orders:write']);
    const [first, ...refreshes] = tokens.map(({ grantType, resource }) => ({ grantType, resource }));
    expect(first).toEqual({ grantType: 'authorization_code', resource: mcpUrl });
    expect(refreshes).not.toEqual([]);
    for (const refresh of refreshes) expect(refresh).toEqual({ grantType: 'refresh_token', resource: undefined });
  });

  test('asks a server of 2025-11-25 for server/discover, and speaks 2025-11-25 then', async () => {
    const { protocolVersion, answers, requests, trail } = await runAtOther(
      { createServer: createOlderServer },
      program,
    );

    expect(protocolVersion).toBe('2025-11-25');
    expect(answers).toEqual([
      { id: '1001', item: 'gear' },
      { id: '2', item: 'pump' },
    ]);
    // What is behind the guards has no read-only tools, so its 401 names all scopes.
    expect(requests).toHaveLength(1);
    expect(trail.slice(-2)).toEqual(['mcp POST /mcp 400', 'mcp POST /mcp 200']);
  });
});

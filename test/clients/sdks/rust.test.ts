import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startQuickstart, type Quickstart } from '../../../sample/quickstart/quickstart.js';
import { createServerWith, refuseFirstToken } from '../initial-scopes-server.js';
import { createOlderServer } from './older-server.js';
import { describeWith, rustProgram } from './page-program.js';
import { expectStepUp, runAt, runAtOther } from './quickstart-run.js';

describeWith(rustProgram, 'the program of docs/clients/rust.md', (program) => {
  let servers: Quickstart;
  beforeAll(async () => {
    servers = await startQuickstart({ mcpPort: 0, authPort: 0, apiPort: 0 });
  });
  afterAll(() => servers.close());

  test('finds the way in, registers itself, signs in, and steps up', async () => {
    const run = await runAt(servers, program);
    const { protocolVersion, trail } = run;

    expect(protocolVersion).toBe('2026-07-28');
    expectStepUp(run);
    expect(trail).toEqual([
      'mcp POST /mcp 401',
      'mcp GET /.well-known/oauth-protected-resource/mcp 200',
      'auth GET /.well-known/oauth-authorization-server 200',
      'auth POST /reg 201',
      'auth POST /token 200',
      'mcp POST /mcp 200',
      'mcp POST /mcp 403',
      'auth POST /token 200',
      'mcp POST /mcp 200',
    ]);
  });

  test('is known by its metadata document, without registration', async () => {
    const { clientId, answers, trail, tokens } = await runAt(servers, program, { hasDocument: true });

    expect(answers).toHaveLength(2);
    expect(trail).not.toContain('auth POST /reg 201');
    expect(tokens.map((event) => [event.clientId, event.status])).toEqual([
      [clientId, 200],
      [clientId, 200],
    ]);
  });

  test('refreshes a token that the server refuses, with its resource, and asks nobody', async () => {
    const createServer = createServerWith(['orders:read', 'orders:write'], refuseFirstToken());
    const { mcpUrl, requests, answers, tokens, trail } = await runAtOther({ createServer }, program);

    expect(answers).toHaveLength(2);
    expect(requests.map((request) => request.get('scope'))).toEqual(['orders:read orders:write']);
    expect(tokens.map(({ grantType, resource }) => [grantType, resource])).toEqual([
      ['authorization_code', mcpUrl],
      ['refresh_token', mcpUrl],
    ]);
    expect(trail.slice(-4)).toEqual([
      'auth POST /token 200',
      'mcp POST /mcp 401',
      'auth POST /token 200',
      'mcp POST /mcp 200',
    ]);
  });

  test('asks a server of 2025-11-25 for server/discover, and speaks 2025-11-25 then', async () => {
    const { protocolVersion, answers, trail } = await runAtOther({ createServer: createOlderServer }, program);

    expect(protocolVersion).toBe('2025-11-25');
    expect(answers).toEqual([
      { id: '1001', item: 'gear' },
      { id: '2', item: 'pump' },
    ]);
    expect(trail.slice(-2)).toEqual(['mcp POST /mcp 400', 'mcp POST /mcp 200']);
  });
});

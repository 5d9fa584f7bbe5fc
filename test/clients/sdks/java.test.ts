import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startQuickstart, type Quickstart } from '../../../sample/quickstart/quickstart.js';
import { createServerWith } from '../initial-scopes-server.js';
import { createOlderServer } from './older-server.js';
import { describeWith, javaProgram } from './page-program.js';
import { expectStepUp, runAt, runAtOther } from './quickstart-run.js';

describeWith(javaProgram, 'the program of docs/clients/java.md', (program) => {
  let servers: Quickstart;
  beforeAll(async () => {
    servers = await startQuickstart({ mcpPort: 0, authPort: 0, apiPort: 0 });
  });
  afterAll(() => servers.close());

  test('finds the way in, registers itself, signs in, and steps up', async () => {
    const run = await runAt(servers, program);
    const { protocolVersion, trail } = run;

    expect(protocolVersion).toBe('2025-11-25');
    expectStepUp(run);
    // It ends what it takes for a session, and may be gone before that is sent.
    expect(trail.filter((line) => line !== 'mcp DELETE /mcp 405')).toEqual([
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

  test('refreshes before a token has run out, with its resource', async () => {
    const shortLived = { createServer: createServerWith(['orders:read', 'orders:write']), accessTokenLifetime: 20 };
    const { mcpUrl, requests, answers, tokens } = await runAtOther(shortLived, program);

    expect(answers).toHaveLength(2);
    expect(requests).toHaveLength(1);
    const [first, ...refreshes] = tokens.map(({ grantType, resource }) => ({ grantType, resource }));
    expect(first).toEqual({ grantType: 'authorization_code', resource: mcpUrl });
    expect(refreshes).not.toEqual([]);
    for (const refresh of refreshes) expect(refresh).toEqual({ grantType: 'refresh_token', resource: mcpUrl });
  });

  test('works with a server of 2025-11-25', async () => {
    const { protocolVersion, answers } = await runAtOther({ createServer: createOlderServer }, program);

    expect(protocolVersion).toBe('2025-11-25');
    expect(answers).toEqual([
      { id: '1001', item: 'gear' },
      { id: '2', item: 'pump' },
    ]);
  });
});

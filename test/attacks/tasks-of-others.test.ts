import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Anonymous, McpAuthModule, McpRegistry, McpTool } from 'nestjs-mcp-auth';
import { post } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', server: 'hr', scopes: ['salaries'], task: true })
  payroll() {
    return 'the secret result';
  }
  @Anonymous()
  @McpTool({ description: 'x', server: 'wiki', task: true })
  search() {
    return 'for everyone';
  }
  @McpTool({ description: 'x', server: 'wiki' })
  edit() {
    return 'x';
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly taskId: string;
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let issuer: TestIssuer;
  let app: TestApplication;
  afterEach(async () => {
    await app.close();
    await issuer.close();
  });

  async function start(): Promise<void> {
    issuer = await TestIssuer.start();
    const replicas = { store: new MemoryAdapter(), keys: [randomBytes(32)] };
    app = await startApplication({
      platform,
      providers: [Tools],
      imports: (origin) =>
        ['hr', 'wiki'].map((name) =>
          McpAuthModule.forRoot(
            optionsFor(origin, issuer.issuer, {
              server: { name, version: '1.0.0' },
              resource: `${origin}/${name}`,
              replicas,
            }),
          ),
        ),
    });
  }

  async function ask(
    server: string,
    method: string,
    params: Record<string, unknown>,
    scope: string | undefined,
    claims: Record<string, unknown> = {},
  ): Promise<Answer> {
    const resource = `${app.origin}/${server}`;
    const token = scope === undefined ? undefined : await issuer.token({ aud: resource, scope, ...claims });
    const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': capabilities,
    };
    const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } };
    const headers = { 'mcp-name': (params.taskId ?? params.name) as string };
    const response = await post(resource, body, { token, headers });
    const text = await response.text();
    const { result } = JSON.parse(text) as { result?: { taskId?: string } };
    return { status: response.status, text, taskId: result?.taskId ?? '' };
  }

  async function finished(server: string, taskId: string, scope: string | undefined): Promise<Answer> {
    for (;;) {
      const answer = await ask(server, 'tasks/get', { taskId }, scope);
      if (!answer.text.includes('"working"')) return answer;
    }
  }

  test('a task is not there at another server that shares the store', async () => {
    await start();
    const { taskId } = await ask('hr', 'tools/call', { name: 'payroll', arguments: {} }, 'salaries');
    expect((await finished('hr', taskId, 'salaries')).text).toContain('the secret result');
    expect((await ask('wiki', 'tasks/get', { taskId }, '')).text).toContain('Unknown task');
  });

  test.each<[string, Record<string, unknown>]>([
    ['another user', { sub: 'mallory' }],
    ['another client of the user', { client_id: 'other' }],
    ['a client without a user', { sub: 'test-client' }],
  ])('a task is not there for %s, by no method', async (_who, claims) => {
    await start();
    const { taskId } = await ask('hr', 'tools/call', { name: 'payroll', arguments: {} }, 'salaries');
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect((await ask('hr', method, { taskId }, 'salaries', claims)).text).toContain('Unknown task');
    expect((await finished('hr', taskId, 'salaries')).text).toContain('the secret result');
  });

  test('a task of a tool that is gone is unknown', async () => {
    await start();
    const tool = { name: 'brief', description: 'x', server: 'hr', scopes: ['salaries'], task: true as const };
    const registration = await app.app.get(McpRegistry).registerTool(tool, () => 'the secret result');
    const { taskId } = await ask('hr', 'tools/call', { name: 'brief', arguments: {} }, 'salaries');
    expect((await finished('hr', taskId, 'salaries')).text).toContain('the secret result');
    registration.remove();
    expect((await ask('hr', 'tasks/get', { taskId }, '')).text).toContain('Unknown task');
  });

  test('what a caller with a token begins is that caller’s alone, also where no token is needed', async () => {
    await start();
    const call = { name: 'search', arguments: {} };
    const { taskId } = await ask('wiki', 'tools/call', call, '');
    const ids = new Set([taskId]);
    expect((await finished('wiki', taskId, undefined)).text).toContain('Unknown task');
    expect((await finished('wiki', taskId, '')).text).toContain('for everyone');
    // The id is all that protects what nobody owns.
    for (let count = 0; count < 3; count += 1) ids.add((await ask('wiki', 'tools/call', call, undefined)).taskId);
    expect(ids.size).toBe(4);
    for (const id of ids) {
      expect(id).toMatch(/^[\w-]+$/);
      expect(8 * Buffer.from(id, 'base64url').length).toBeGreaterThanOrEqual(128);
      expect(id).not.toMatch(/^[\da-f]{8}-[\da-f]{4}-/);
    }
  });

  test('what everyone may begin, everyone may poll, and nothing else', async () => {
    await start();
    const { taskId } = await ask('wiki', 'tools/call', { name: 'search', arguments: {} }, undefined);
    expect((await finished('wiki', taskId, undefined)).text).toContain('for everyone');
    const { taskId: secret } = await ask('hr', 'tools/call', { name: 'payroll', arguments: {} }, 'salaries');
    expect((await ask('wiki', 'tasks/get', { taskId: secret }, undefined)).text).toContain('Unknown task');
    expect((await ask('hr', 'tasks/get', { taskId: secret }, undefined)).status).toBe(401);
  });
});

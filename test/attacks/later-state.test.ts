import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpRegistry, McpTool, type McpAuthModuleOptions, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { beginConversation } from '../support/conversation.js';
import { post } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

const effects: string[] = [];

/** Pays once the user has said so. */
async function pay(_input: unknown, context: McpContext): Promise<string> {
  const { action } = await context.elicit('Sure?', z.object({ sure: z.boolean() }));
  if (action === 'accept') effects.push('paid');
  return 'the secret result';
}

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['pay'], task: true })
  async pay(input: unknown, context: McpContext) {
    return await pay(input, context);
  }
  @McpTool({ description: 'x', scopes: ['admin'] })
  adminA() {
    return 1;
  }
  @McpTool({ description: 'x', scopes: ['admin'] })
  adminB() {
    return 1;
  }
  @McpTool({ description: 'x' })
  zero() {
    return 1;
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly result?: {
    readonly taskId: string;
    readonly inputRequests?: Record<string, unknown>;
    readonly tools?: { readonly name: string }[];
    readonly nextCursor?: string;
  };
  readonly error?: { readonly code: number };
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let issuer: TestIssuer;
  const apps: TestApplication[] = [];
  beforeEach(async () => {
    issuer = await TestIssuer.start();
    effects.length = 0;
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await issuer.close();
  });

  async function start(options: Partial<McpAuthModuleOptions> = {}): Promise<TestApplication> {
    const app = await startApplication({
      platform,
      providers: [Tools],
      imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, options))],
    });
    apps.push(app);
    return app;
  }

  async function ask(
    { origin }: TestApplication,
    method: string,
    params: Record<string, unknown>,
    scope = 'pay',
    aud = `${origin}/mcp`,
  ): Promise<Answer> {
    const capabilities = { elicitation: { form: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} } };
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': capabilities,
    };
    const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } };
    const named = params.taskId ?? params.name;
    const headers = named === undefined ? {} : { 'mcp-name': named as string };
    const response = await post(`${origin}/mcp`, body, { token: await issuer.token({ aud, scope }), headers });
    const text = await response.text();
    return { ...(text.startsWith('{') ? (JSON.parse(text) as Answer) : {}), status: response.status, text };
  }

  /** A task that waits for its user. */
  async function begin(app: TestApplication, name = 'pay') {
    const { result, text } = await ask(app, 'tools/call', { name, arguments: {} });
    if (!result) throw new Error(text);
    const { taskId } = result;
    for (;;) {
      const [key] = Object.keys((await ask(app, 'tasks/get', { taskId })).result?.inputRequests ?? {});
      if (key !== undefined)
        return { taskId, inputResponses: { [key]: { action: 'accept', content: { sure: true } } } };
    }
  }

  test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    '%s of a tool that is gone is refused, and has no effect, with whatever scopes',
    async (method) => {
      const app = await start();
      const registration = await app.app
        .get(McpRegistry)
        .registerTool({ name: 'brief', description: 'x', scopes: ['pay'], task: true }, pay);
      const params = await begin(app, 'brief');
      registration.remove();
      for (const scope of ['', 'pay']) {
        const answer = await ask(app, method, params, scope);
        expect(answer.error).toBeDefined();
        expect(answer.text).not.toContain('the secret result');
      }
      // Nothing has happened to it meanwhile.
      await app.app
        .get(McpRegistry)
        .registerTool({ name: 'brief', description: 'x', scopes: ['pay'], task: true }, pay);
      expect((await ask(app, 'tasks/get', params)).result).toMatchObject({ status: 'input_required' });
      expect(effects).toEqual([]);
    },
  );

  test.each(['tasks/result', 'tasks/list', 'tasks/delete'])(
    '%s of another revision is no method here',
    async (method) => {
      const app = await start();
      const { taskId } = await begin(app);
      expect((await ask(app, method, { taskId })).error).toMatchObject({ code: -32601 });
      const token = await issuer.token({ aud: `${app.origin}/mcp`, scope: 'pay' });
      const headers = await beginConversation(`${app.origin}/mcp`, token);
      const body = { jsonrpc: '2.0', id: 2, method, params: { taskId } };
      const text = await (await post(`${app.origin}/mcp`, body, { token, headers })).text();
      expect(text).toContain('-32601');
    },
  );

  test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    '%s of an older client does not get at a task, with or without the scope',
    async (method) => {
      const app = await start();
      const params = await begin(app);
      for (const scope of ['', 'pay']) {
        const token = await issuer.token({ aud: `${app.origin}/mcp`, scope });
        const headers = await beginConversation(`${app.origin}/mcp`, token);
        const body = { jsonrpc: '2.0', id: 2, method, params };
        const response = await post(`${app.origin}/mcp`, body, { token, headers });
        expect(response.status === 403 || (await response.text()).includes('"error"')).toBe(true);
      }
      expect((await ask(app, 'tasks/get', params)).result).toMatchObject({ status: 'input_required' });
      expect(effects).toEqual([]);
    },
  );

  test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    '%s is refused after the client was taken off the list, or the issuer was',
    async (method) => {
      const replicas = { store: new MemoryAdapter(), keys: [randomBytes(32)] };
      const app = await start({ replicas });
      const resource = `${app.origin}/mcp`;
      const params = await begin(app);
      const later = { resource, replicas, endpoint: { allowedHosts: 'any' } } as const;
      const other = await TestIssuer.start();
      const without = await start({ ...later, issuers: [{ issuer: issuer.issuer, clients: ['other'] }] });
      const elsewhere = await start({ ...later, issuers: [{ issuer: other.issuer }] });
      expect((await ask(without, method, params, 'pay', resource)).status).toBe(403);
      expect((await ask(elsewhere, method, params, 'pay', resource)).status).toBe(401);
      expect((await ask(app, 'tasks/get', params)).result).toMatchObject({ status: 'input_required' });
      expect(effects).toEqual([]);
      await other.close();
    },
  );

  test('a cursor shows nobody what they may not see', async () => {
    const app = await start({ lists: { show: 'permitted', pageSize: 1 } });
    const namesAfter = async (cursor: string | undefined, scope: string) => {
      const { result } = await ask(app, 'tools/list', cursor === undefined ? {} : { cursor }, scope);
      return { names: result?.tools?.map(({ name }) => name), cursor: result?.nextCursor };
    };
    const first = await namesAfter(undefined, 'admin');
    expect(first.names).toEqual(['admin_a']);
    expect((await namesAfter(first.cursor, 'admin')).names).toEqual(['admin_b']);
    expect((await namesAfter(first.cursor, 'other')).names).toEqual(['zero']);
  });
});

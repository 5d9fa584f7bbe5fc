import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool, type McpAuthModuleOptions, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { post } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

const wiped: string[] = [];

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({ what: z.string() }) })
  async wipe({ what }: { what: string }, context: McpContext) {
    const { action } = await context.elicit(`Wipe ${what}?`, z.object({ sure: z.boolean() }));
    if (action === 'accept') wiped.push(what);
    return 'wiped';
  }
}

interface Answer {
  readonly result?: { readonly requestState?: string; readonly content?: unknown };
  readonly error?: { readonly code: number; readonly message: string; readonly data?: { readonly reason?: string } };
}

const REFUSED = { code: -32602, data: { reason: 'invalid_request_state' } };

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let issuer: TestIssuer;
  const apps: TestApplication[] = [];
  afterEach(async () => {
    wiped.length = 0;
    for (const app of apps.splice(0)) await app.close();
    await issuer.close();
  });

  /** Servers of one application, at paths of their names. */
  async function start(options: Partial<McpAuthModuleOptions>, names = ['prod']): Promise<TestApplication> {
    const app = await startApplication({
      platform,
      providers: [Tools],
      imports: (origin) =>
        names.map((name) =>
          McpAuthModule.forRoot(
            optionsFor(origin, issuer.issuer, {
              server: { name, version: '1.0.0' },
              resource: `${origin}/${name}`,
              ...options,
            }),
          ),
        ),
    });
    apps.push(app);
    return app;
  }

  /** @param audience - where the server is for clients */
  async function call(
    { origin }: TestApplication,
    requestState?: string,
    name = 'prod',
    audience = origin,
  ): Promise<Answer> {
    const aud = ['prod', 'staging'].map((one) => `${audience}/${one}`);
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
    };
    const inputResponses = { 'elicitation-1': { action: 'accept', content: { sure: true } } };
    const params = {
      name: 'wipe',
      arguments: { what: 'everything' },
      ...(requestState !== undefined && { requestState, inputResponses }),
      _meta: meta,
    };
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    const response = await post(`${origin}/${name}`, body, { token: await issuer.token({ aud }) });
    return (await response.json()) as Answer;
  }

  async function ask(app: TestApplication, name?: string): Promise<string> {
    const { result, error } = await call(app, undefined, name);
    if (result?.requestState === undefined) throw new Error(JSON.stringify({ result, error }));
    return result.requestState;
  }

  test.each<[string, () => Partial<McpAuthModuleOptions>]>([
    ['that share a key', () => ({ replicas: { keys: [randomBytes(32)] } })],
    ['that share a store', () => ({ replicas: { keys: [randomBytes(32)], store: new MemoryAdapter() } })],
  ])('of two servers %s, one does not take what was approved at the other', async (_what, options) => {
    issuer = await TestIssuer.start();
    const app = await start(options(), ['staging', 'prod']);
    const requestState = await ask(app, 'staging');
    expect((await call(app, requestState, 'prod')).error).toMatchObject(REFUSED);
    expect(wiped).toEqual([]);
    expect((await call(app, requestState, 'staging')).result).toMatchObject({ content: [{ text: 'wiped' }] });
    expect(wiped).toEqual(['everything']);
  });

  const once: readonly (readonly [string, () => Partial<McpAuthModuleOptions>])[] = [
    ['with a shared store', () => ({ replicas: { keys: [randomBytes(32)], store: new MemoryAdapter() } })],
    ['in one process, where that is wanted', () => ({ calls: { allowRequestStateReplay: false } })],
  ];

  test.each(once)('%s a state has one effect, however often it is used', async (_what, options) => {
    issuer = await TestIssuer.start();
    const app = await start(options());
    const requestState = await ask(app);
    expect((await call(app, requestState)).result).toMatchObject({ content: [{ text: 'wiped' }] });
    for (let again = 0; again < 2; again += 1) expect((await call(app, requestState)).error).toMatchObject(REFUSED);
    expect(wiped).toEqual(['everything']);
  });

  test.each(once)('%s a state has one effect, though it is used many times at once', async (_what, options) => {
    issuer = await TestIssuer.start();
    const app = await start(options());
    const requestState = await ask(app);
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(app, requestState)));
    expect(answers.filter(({ result }) => result)).toHaveLength(1);
    expect(answers.filter(({ error }) => error?.data?.reason === 'invalid_request_state')).toHaveLength(7);
    expect(wiped).toEqual(['everything']);
  });

  test('a state has one effect, though it is used at two replicas', async () => {
    issuer = await TestIssuer.start();
    const replicas = { keys: [randomBytes(32)], store: new MemoryAdapter() };
    const first = await start({ replicas });
    const second = await start({ replicas, resource: `${first.origin}/prod`, endpoint: { allowedHosts: 'any' } });
    const requestState = await ask(first);
    const answers = await Promise.all([first, second].map((app) => call(app, requestState, 'prod', first.origin)));
    expect(answers.filter(({ result }) => result?.content)).toHaveLength(1);
    expect(wiped).toEqual(['everything']);
  });

  test('a state is good again and again where the operator has said so', async () => {
    issuer = await TestIssuer.start();
    const replicas = { keys: [randomBytes(32)], store: new MemoryAdapter() };
    const app = await start({ replicas, calls: { allowRequestStateReplay: true } });
    const requestState = await ask(app);
    for (let again = 0; again < 2; again += 1) await call(app, requestState);
    expect(wiped).toEqual(['everything', 'everything']);
  });

  test('where nobody can tell whether a state was used, it has no effect, and is good later', async () => {
    issuer = await TestIssuer.start();
    const store = new MemoryAdapter();
    const app = await start({ replicas: { keys: [randomBytes(32)], store } });
    const requestState = await ask(app);
    store.fault = () => Promise.reject(new Error('down'));
    expect((await call(app, requestState)).error).toMatchObject({ code: -32603 });
    expect(wiped).toEqual([]);
    store.fault = undefined;
    expect((await call(app, requestState)).result).toMatchObject({ content: [{ text: 'wiped' }] });
    expect(wiped).toEqual(['everything']);
  });
});

import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Client } from '@modelcontextprotocol/client';
import {
  clientSecretBasic,
  connectInMemory,
  McpAuthModule,
  McpRegistry,
  McpResource,
  McpTool,
  TokenCache,
  type McpContext,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { beginConversation } from '../support/conversation.js';
import { HeardStream } from '../support/heard-stream.js';
import { LocalBus } from '../support/local-bus.js';
import { message, post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

/** Called when a heedless method begins. */
let begin: () => void = () => undefined;
/** What a heedless method, or an answer of the issuer, waits for. */
let held: Promise<void> | undefined;

/** Calls that were aborted, by the token's subject. */
const aborted: string[] = [];

@Injectable()
class Tools {
  /** Tells that it runs, and waits until its call is over. */
  @McpTool({ description: 'x', task: true })
  async wait(_input: unknown, context: McpContext) {
    await context.progress(1, 2, 'running');
    await new Promise<void>((resolve) => {
      context.signal.addEventListener('abort', () => {
        aborted.push(String(context.caller?.subject));
        resolve();
      });
    });
    return 'late';
  }
  /** Says that it runs, and heeds nothing. */
  @McpTool({ description: 'x' })
  async heedless(_input: unknown, context: McpContext) {
    context.signal.addEventListener('abort', () => aborted.push(String(context.caller?.subject)));
    begin();
    await held;
    return 'late';
  }
  /** Waits for its user. */
  @McpTool({ description: 'x', task: true })
  async ask(_input: unknown, context: McpContext) {
    return (await context.elicit('Sure?', z.object({}))).action;
  }
  @McpResource({ uri: 'late://' })
  async late(_input: unknown, context: McpContext) {
    return await this.heedless(_input, context);
  }
  @McpTool({ description: 'x' })
  ping() {
    return 'pong';
  }
}

type Open = (resource: string, token: string) => Promise<HeardStream>;

const STREAMS: readonly (readonly [what: string, begins: RegExp, open: Open])[] = [
  [
    'a stream that was opened by GET',
    /: listening/,
    async (resource, token) => {
      const headers = {
        ...(await beginConversation(resource, token)),
        authorization: `Bearer ${token}`,
        accept: 'text/event-stream',
      };
      return new HeardStream(await fetch(resource, { headers }));
    },
  ],
  [
    'a stream of subscriptions/listen',
    /acknowledged/,
    async (resource, token) =>
      new HeardStream(
        await post(resource, message('subscriptions/listen', { notifications: { toolsListChanged: true } }), { token }),
      ),
  ],
  [
    'the answer of a running call, of the older revisions',
    /"progress":1/,
    async (resource, token) => {
      const headers = await beginConversation(resource, token);
      const params = { name: 'wait', arguments: {}, _meta: { progressToken: 'p' } };
      return new HeardStream(
        await post(resource, { jsonrpc: '2.0', id: 2, method: 'tools/call', params }, { token, headers }),
      );
    },
  ],
  [
    'the answer of a running call',
    /"progress":1/,
    async (resource, token) => {
      const body = message('tools/call', { name: 'wait', arguments: {} }) as { params: { _meta: object } };
      Object.assign(body.params._meta, { progressToken: 'p' });
      return new HeardStream(await post(resource, body, { token }));
    },
  ],
];

const TASKS = {
  'io.modelcontextprotocol/clientCapabilities': {
    elicitation: { form: {} },
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
};

describe.each(['express', 'fastify'] as const)('on %s, when a session ends', (platform: Platform) => {
  let issuer: TestIssuer;
  let introspected: string[];
  const apps: TestApplication[] = [];

  /** Two servers of one application, of which the first is told of sign-outs; and a replica of both. */
  beforeAll(async () => {
    issuer = await TestIssuer.start();
    introspected = [];
    issuer.answers.set('/introspect', (_request, response, body) => {
      introspected.push(body.get('token') ?? '');
      const [sub, sid] = (body.get('token') ?? '').split('-of-').slice(1);
      const aud = names.map((name) => resourceOf(name));
      const exp = Math.floor(Date.now() / 1000) + 300;
      const claims = { active: true, iss: issuer.issuer, aud, exp, sub, sid, client_id: 'test-client' };
      void Promise.resolve(held).then(() => {
        sendJson(response, 200, claims);
      });
    });
    const replicas = { keys: [randomBytes(32)], bus: new LocalBus() };
    for (let count = 0; count < 2; count += 1) {
      apps.push(
        await startApplication({
          platform,
          providers: [Tools],
          imports: (origin) =>
            names.map((name) => {
              const at = apps[0]?.origin ?? origin;
              const client = { id: 'mcp-server', authentication: clientSecretBasic('a secret of this server') };
              return McpAuthModule.forRoot(
                optionsFor(at, issuer.issuer, {
                  server: { name, version: '1.0.0' },
                  resource: `${at}/${name}`,
                  endpoint: { allowedHosts: 'any' },
                  issuers: [
                    {
                      issuer: issuer.issuer,
                      introspection: { endpoint: `${issuer.origin}/introspect`, cacheMs: 300_000 },
                    },
                  ],
                  client,
                  replicas,
                  ...(name === 'told' && { logout: { backChannel: {} } }),
                }),
              );
            }),
        }),
      );
    }
  });
  afterEach(() => {
    aborted.length = 0;
  });
  afterAll(async () => {
    for (const app of apps.splice(0)) await app.close();
    await issuer.close();
  });

  const names = ['told', 'other'];
  const resourceOf = (name: string) => `${apps[0]?.origin ?? ''}/${name}`;
  const at = (app: number, name: string) => `${apps[app]?.origin ?? ''}/${name}`;

  async function tokenOf(sub: string, sid: string | undefined): Promise<string> {
    return await issuer.token({ aud: names.map((name) => resourceOf(name)), sub, ...(sid !== undefined && { sid }) });
  }

  async function signOut(claims: Record<string, unknown>): Promise<void> {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const token = await issuer.token(
      { aud: 'mcp-server', client_id: undefined, events, sub: undefined, ...claims },
      { typ: 'logout+jwt' },
    );
    const body = new URLSearchParams({ logout_token: token });
    const response = await fetch(`${resourceOf('told')}/backchannel-logout`, { method: 'POST', body });
    expect(response.status).toBe(200);
  }

  const PLACES: readonly (readonly [where: string, app: number, name: string])[] = [
    ['at the server that is told', 0, 'told'],
    ['at another server of the application', 0, 'other'],
    ['at another replica', 1, 'told'],
    ['at another server of another replica', 1, 'other'],
  ];

  describe.each(PLACES)('%s', (_where, app, name) => {
    test.each(STREAMS)('%s ends', async (_what, begins, open) => {
      const stream = await open(at(app, name), await tokenOf('alice', 'one'));
      await stream.hear(begins);
      await signOut({ sid: 'one' });
      await stream.over;
      expect(stream.text).not.toContain('late');
    });

    test.each([
      ['a tool', 'tools/call', { name: 'heedless', arguments: {} }],
      ['a resource', 'resources/read', { uri: 'late://' }],
    ])(
      'the running call of %s is answered with the refusal, whatever its method does',
      async (_what, method, params) => {
        let release: () => void = () => undefined;
        held = new Promise((resolve) => (release = resolve));
        const token = await tokenOf('alice', 'one');
        const began = new Promise<void>((resolve) => (begin = resolve));
        const headers = { 'mcp-name': String(Object.values(params)[0]) };
        const answer = post(at(app, name), message(method, params), { token, headers });
        await began;
        await signOut({ sid: 'one' });
        const response = await answer;
        release();
        held = undefined;
        expect(response.status).toBe(401);
        expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
        expect(await response.text()).not.toContain('late');
        expect(aborted).toEqual(['alice']);
      },
    );

    test('a running call in memory is answered with the refusal', async () => {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => (release = resolve));
      const client = new Client({ name: 'test', version: '1.0.0' });
      const token = await tokenOf('alice', 'one');
      const nest = apps[app]?.app;
      if (!nest) throw new Error('There is no application');
      await client.connect(connectInMemory(nest, { server: name, token }));
      const began = new Promise<void>((resolve) => (begin = resolve));
      const answer = Promise.allSettled([client.callTool({ name: 'heedless', arguments: {} })]);
      await began;
      await signOut({ sid: 'one' });
      expect(await answer).toMatchObject([
        { status: 'rejected', reason: { message: expect.stringContaining('has ended (invalid_token)') } },
      ]);
      release();
      held = undefined;
      expect(aborted).toEqual(['alice']);
      await client.close();
    });

    /** Begins a task, and returns how it can be asked for. */
    async function beginTask(tool: string) {
      const token = await tokenOf('alice', 'one');
      const ask = async (method: string, more: Record<string, unknown>) => {
        const body = message(method, more) as { params: { _meta: object } };
        Object.assign(body.params._meta, TASKS);
        const headers = { 'mcp-name': String(more.taskId ?? more.name) };
        const response = await post(at(app, name), body, { token, headers });
        return ((await response.json()) as { result: { taskId: string; status: string; error?: unknown } }).result;
      };
      const { taskId } = await ask('tools/call', { name: tool, arguments: {} });
      return async () => await ask('tasks/get', { taskId });
    }

    test('a running task ends', async () => {
      const get = await beginTask('wait');
      await signOut({ sid: 'one' });
      expect(await get()).toMatchObject({ status: 'failed' });
      expect(aborted).toEqual(['alice']);
    });

    test('a task that waits for its user ends', async () => {
      const get = await beginTask('ask');
      while ((await get()).status === 'working');
      expect(await get()).toMatchObject({ status: 'input_required' });
      await signOut({ sid: 'one' });
      expect(await get()).toMatchObject({ status: 'failed' });
    });

    test('running calls of others go on', async () => {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => (release = resolve));
      const began = new Promise<void>((resolve) => (begin = resolve));
      const call = toolCall('heedless');
      const answer = post(at(app, name), call, { token: await tokenOf('bob', 'three') });
      await began;
      await signOut({ sid: 'one' });
      expect(aborted).toEqual([]);
      release();
      held = undefined;
      const response = await answer;
      expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('late')]);
    });

    test('what the issuer said of a token is asked for anew', async () => {
      const token = `opaque-of-alice-of-${randomUUID()}`;
      const call = async () => (await post(at(app, name), message('tools/list'), { token })).status;
      introspected.length = 0;
      expect([await call(), await call()]).toEqual([200, 200]);
      expect(introspected).toEqual([token]);
      await signOut({ sid: token.split('-of-')[2] });
      expect(await call()).toBe(200);
      expect(introspected).toEqual([token, token]);
    });
  });

  test('what the issuer was asked before is neither kept nor shared with who comes after', async () => {
    const token = `opaque-of-alice-of-${randomUUID()}`;
    const call = async () => (await post(resourceOf('other'), message('tools/list'), { token })).status;
    introspected.length = 0;
    let release: () => void = () => undefined;
    held = new Promise((resolve) => (release = resolve));
    const before = call();
    while (introspected.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await signOut({ sid: token.split('-of-')[2] });
    const after = call();
    while (introspected.length === 1) await new Promise((resolve) => setImmediate(resolve));
    held = undefined;
    release();
    expect(await Promise.all([before, after])).toEqual([200, 200]);
    expect(introspected).toEqual([token, token]);
  });

  test('the call whose answer ends is aborted', async () => {
    for (const [, begins, open] of STREAMS.slice(2)) {
      const stream = await open(resourceOf('told'), await tokenOf('alice', 'one'));
      await stream.hear(begins);
      await signOut({ sid: 'one' });
      await stream.over;
    }
    while (aborted.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(aborted).toEqual(['alice', 'alice']);
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    ['of a session', { sid: 'one' }, ['alice one']],
    ['of a user', { sub: 'alice' }, ['alice one', 'alice two', 'alice none']],
    ['of a user’s session', { sub: 'alice', sid: 'one' }, ['alice one', 'alice none']],
    ['of nobody who is here', { sub: 'carol' }, []],
  ])('a sign-out %s ends the streams that it means, and no others', async (_what, claims, ended) => {
    const owners = [
      ['alice', 'one'],
      ['alice', 'two'],
      ['alice', undefined],
      ['bob', 'three'],
    ] as const;
    const streams = new Map<string, HeardStream>();
    const [, begins, open] = STREAMS[1] ?? STREAMS[0] ?? [];
    for (const [sub, sid] of owners) {
      const stream = await open?.(resourceOf('other'), await tokenOf(sub, sid));
      await stream?.hear(begins ?? /./);
      if (stream) streams.set(`${sub} ${sid ?? 'none'}`, stream);
    }
    await signOut(claims);
    for (const name of ended) await streams.get(name)?.over;
    // Whoever is still there hears of what comes next.
    const registration = { name: 'brief', description: 'x', server: 'other' };
    (await apps[0]?.app.get(McpRegistry).registerTool(registration, () => 1))?.remove();
    for (const [name, stream] of streams) {
      if (ended.includes(name)) expect(stream.text).not.toContain('list_changed');
      else await stream.hear(/list_changed/);
    }
    await signOut({ sub: 'alice' });
    await signOut({ sub: 'bob' });
  });

  test('an application that takes tokens back ends their streams', async () => {
    const [, begins, open] = STREAMS[0] ?? [];
    const stream = await open?.(at(1, 'other'), await tokenOf('alice', 'one'));
    await stream?.hear(begins ?? /./);
    await apps[0]?.app.get(TokenCache).revoke({ issuer: issuer.issuer, sessionId: 'one' });
    await stream?.over;
  });
});

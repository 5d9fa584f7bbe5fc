import { randomBytes } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { Injectable } from '@nestjs/common';
import KeyvRedis from '@keyv/redis';
import { Client, StreamableHTTPClientTransport, type ClientOptions } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { McpAuthModule, McpRegistry, McpResource, McpTool, redisBus, type McpContext } from 'nestjs-mcp-auth';
import { createClient, type RedisClientType } from 'redis';
import { z } from 'zod';
import { listen, type Listener } from '../support/listen.js';
import { post } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { RedisProcess } from '../support/redis-process.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { describeWithRedis } from '../support/with-redis.js';

const aborted: string[] = [];

@Injectable()
class Tools {
  @McpTool({ description: 'Asks', scopes: ['use'], task: true })
  async ask(_input: unknown, context: McpContext) {
    return await context.elicit('Sure?', z.object({ sure: z.boolean() }));
  }

  @McpTool({ description: 'Waits', scopes: ['use'] })
  async wait(_input: unknown, { signal }: McpContext) {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        aborted.push('wait');
        resolve();
      });
    });
    return 'late';
  }

  @McpResource({ uri: 'news://today' })
  news() {
    return 'none';
  }
}

describeWithRedis('two replicas that share a bus over Redis', () => {
  let redis: RedisProcess;
  let issuer: TestIssuer;
  let balancer: Listener;
  const replicas: TestApplication[] = [];
  const closing: (() => unknown)[] = [];
  let served = 0;

  beforeAll(async () => {
    redis = await RedisProcess.start();
    closing.push(() => redis.close());
    issuer = await TestIssuer.start();
    closing.push(() => issuer.close());
    balancer = await listen((incoming, outgoing) => {
      // Each request goes to another replica than the one before.
      served += 1;
      const { method, headers, url } = incoming;
      const origin = replicas[served % 2]?.origin ?? '';
      const forwarded = requestHttp(new URL(url ?? '', origin), { method, headers, agent: false });
      forwarded.on('response', (response) => {
        outgoing.writeHead(response.statusCode ?? 0, response.headers).flushHeaders();
        response.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.destroy());
      outgoing.on('close', () => forwarded.destroy());
      incoming.pipe(forwarded);
    });
    closing.push(() => balancer.close());
    const key = randomBytes(32);
    for (let index = 0; index < 2; index += 1) {
      const connection: RedisClientType = createClient({ socket: { path: redis.socket, tls: false } });
      connection.on('error', () => undefined);
      await connection.connect();
      const store = new KeyvRedis({ socket: { path: redis.socket, tls: false } });
      const application = await startApplication({
        providers: [Tools],
        imports: () => [
          McpAuthModule.forRoot(
            optionsFor(balancer.origin, issuer.issuer, {
              lists: { ttlMs: 0 },
              replicas: { bus: redisBus(connection), store, keys: [key] },
            }),
          ),
        ],
      });
      replicas.push(application);
      closing.push(
        // Closing waits for answers that Redis owed when it was killed.
        () => {
          connection.destroy();
        },
        () => store.disconnect(),
        () => application.close(),
      );
    }
  });

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  const resource = () => `${balancer.origin}/mcp`;
  const token = () => issuer.token({ aud: resource(), scope: 'use' });

  async function connect(era: 'modern' | 'legacy', options: ClientOptions = {}): Promise<Client> {
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' }, ...options },
    );
    const headers = { authorization: `Bearer ${await token()}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(resource()), { requestInit: { headers } }));
    return client;
  }

  test.each(['modern', 'legacy'] as const)('a question of one is answered at the other, in the %s era', async (era) => {
    const client = await connect(era, { capabilities: { elicitation: { form: {} } } });
    client.setRequestHandler('elicitation/create', () =>
      Promise.resolve({ action: 'accept', content: { sure: true } }),
    );
    for (let round = 0; round < 2; round += 1) {
      const { structuredContent } = await client.callTool({ name: 'ask' });
      expect(structuredContent).toEqual({ action: 'accept', content: { sure: true } });
      // So that the next round begins at the other replica.
      await client.listTools();
    }
    await client.close();
  });

  test('a call of the older revisions is cancelled at the other', async () => {
    const client = await connect('legacy');
    const controller = new AbortController();
    const calling = client.callTool({ name: 'wait' }, { signal: controller.signal });
    const before = served;
    while (served === before) await new Promise(setImmediate);
    await client.listTools();
    controller.abort();
    await expect(calling).rejects.toThrow();
    while (!aborted.includes('wait')) await new Promise(setImmediate);
    await client.close();
  });

  test.each(['modern', 'legacy'] as const)('what changes at one is told by both, in the %s era', async (era) => {
    const client = await connect(era);
    const told: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      told.push(params.uri);
    });
    if (era === 'modern') await client.listen({ resourceSubscriptions: ['news://today'] });
    else await client.subscribeResource({ uri: 'news://today' });
    for (const { app } of replicas) {
      const before = told.length;
      do {
        app.get(McpRegistry).sendResourceUpdated('news://today');
        await new Promise(setImmediate);
        // The stream of an older client opens, and what it subscribed to reaches the other replica, after the answer.
      } while (era === 'legacy' && told.length === before);
      while (told.length === before) await new Promise(setImmediate);
    }
    expect(new Set(told)).toEqual(new Set(['news://today']));
    if (era === 'modern') expect(told).toHaveLength(2);
    await client.close();
  });

  test('changes are told again after Redis was away', async () => {
    const client = await connect('modern');
    const told: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      told.push(params.uri);
    });
    // This one listens at one of the two.
    await client.listen({ resourceSubscriptions: ['news://today'] });
    await redis.kill();
    await redis.startAgain();
    // Nest has one log for the process.
    const heard = () => replicas.flatMap(({ log }) => log.text.match(/Other replicas are heard again/g) ?? []);
    while (heard().length < 2) await new Promise(setImmediate);
    for (const { app } of replicas) {
      const before = told.length;
      while (told.length === before) {
        app.get(McpRegistry).sendResourceUpdated('news://today');
        await new Promise(setImmediate);
      }
    }
    expect(new Set(told)).toEqual(new Set(['news://today']));
    await client.close();
  });

  test('a task of one is looked at, answered and ended at the other', async () => {
    const ask = async (method: string, params: Record<string, unknown>) => {
      const capabilities = { elicitation: { form: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} } };
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': capabilities,
      };
      const headers = { 'mcp-name': String(params.taskId ?? params.name) };
      const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } };
      const response = await post(resource(), body, { token: await token(), headers });
      const { result } = (await response.json()) as { result: Record<string, unknown> };
      return result;
    };
    const { taskId } = await ask('tools/call', { name: 'ask', arguments: {} });
    let task: Record<string, unknown>;
    do task = await ask('tasks/get', { taskId });
    while (task.status !== 'input_required');
    const [key = ''] = Object.keys(task.inputRequests as object);
    // Both replicas get it; one of them runs the task.
    const inputResponses = { [key]: { action: 'accept', content: { sure: true } } };
    await ask('tasks/update', { taskId, inputResponses });
    do task = await ask('tasks/get', { taskId });
    while (task.status !== 'completed');
    expect(task.result).toMatchObject({ structuredContent: { action: 'accept', content: { sure: true } } });
  });
});

import { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ThrottlerModule } from '@nestjs/throttler';
import { connectInMemory, McpAuthModule, McpRegistry } from 'nestjs-mcp-auth';
import { createClient, type RedisClientType } from 'redis';
import { startForeignServer } from '../foreign-servers/foreign-server.js';
import { message, post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { RedisProcess } from '../support/redis-process.js';
import { RedisThrottlerStorage } from '../support/redis-throttler-storage.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { describeWithRedis } from '../support/with-redis.js';
import { ask, LimitedTools, MINUTE } from './limited-tools.js';

describe('a connection without HTTP', () => {
  let server: ProtectedServer;
  let small: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ providers: [LimitedTools] });
    const limits = { rate: { perCaller: { limit: 6, ttlMs: MINUTE } } };
    small = await startProtectedServer({ providers: [LimitedTools], options: { limits } });
  });
  afterAll(async () => {
    await server.close();
    await small.close();
  });

  /** Answers to messages over one connection, one after the other. */
  async function tell(subject: string, messages: readonly Record<string, unknown>[]) {
    const transport = connectInMemory(server.app, { token: await server.token('', { sub: subject }) });
    await transport.start();
    const answers: unknown[] = [];
    for (const [id, body] of messages.entries()) {
      const answer = new Promise((resolve) => {
        transport.onmessage = (told) => {
          if ('id' in told && told.id === id) resolve(told);
        };
      });
      await transport.send({ ...body, id } as never);
      answers.push(await answer);
    }
    await transport.close();
    return answers;
  }

  const text = 'Too many requests. Try again in 60 seconds.';
  const retry = { 'nestjs-mcp-auth/retry': { retryable: true, retryAfterMs: MINUTE } };

  test('a tool says in its result when to try again', async () => {
    const call = toolCall('few');
    const [, second, third] = await tell('alice', [call, call, call]);
    expect(second).toMatchObject({ result: { content: [{ text: 'done' }] } });
    expect(third).toMatchObject({ result: { isError: true, content: [{ type: 'text', text }], _meta: retry } });
    expect(await tell('bob', [call])).toMatchObject([{ result: { content: [{ text: 'done' }] } }]);
  });

  test('a resource says so in its error', async () => {
    const read = message('resources/read', { uri: 'orders://one' });
    const [first, second] = await tell('alice', [read, read]);
    expect(first).toMatchObject({ result: { contents: [{ text: 'done' }] } });
    expect(second).toMatchObject({ error: { message: text, data: retry } });
  });

  test('HTTP and connections count together', async () => {
    await tell('carol', [toolCall('few')]);
    const token = await server.token('', { sub: 'carol' });
    expect(await ask(server.resource, token, toolCall('few'), 2)).toEqual([200, 429]);
  });

  test('what the server itself asks is not counted', async () => {
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'legacy' } });
    let told = 0;
    const all = new Promise<void>((resolve) => {
      client.setNotificationHandler('notifications/resources/updated', () => {
        told += 1;
        if (told === 10) resolve();
      });
    });
    await client.connect(connectInMemory(small.app, { token: await small.token() }));
    await client.subscribeResource({ uri: 'orders://one' });
    for (let count = 0; count < 10; count += 1) small.app.get(McpRegistry).sendResourceUpdated('orders://one');
    await all;
    expect(await client.callTool({ name: 'plain' })).toMatchObject({ content: [{ text: 'done' }] });
    await client.close();
  });
});

describe.each(['express', 'fastify'] as const)('a server behind @ProtectedMcp, on %s', (platform) => {
  test('has the limits of its module, for each tool and caller', async () => {
    const server = await startForeignServer({
      platform,
      rules: { tools: { run: {}, '*': {} } },
      options: { limits: { rate: { perTool: { limit: 2, ttlMs: MINUTE }, perCaller: { limit: 4, ttlMs: MINUTE } } } },
    });
    const token = await server.token('', { sub: 'alice' });
    const statuses: number[] = [];
    for (const name of ['run', 'run', 'run', 'other', 'other']) {
      const answer = await server.send('tools/call', { name, arguments: {} }, { token });
      await answer.text();
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([200, 200, 429, 200, 200]);
    const last = await server.send('tools/list', {}, { token });
    expect([last.status, last.headers.get('retry-after')]).toEqual([429, '60']);
    expect(server.ran).toEqual(['run', 'run']);
    expect((await server.run({ token: await server.token('', { sub: 'bob' }) })).status).toBe(200);
    await server.close();
  });
});

test.each(['express', 'fastify'] as const)('a stranger has the address that %s reads', async (platform: Platform) => {
  const server = await startProtectedServer({
    platform,
    providers: [LimitedTools],
    configure: (app) => {
      const adapter: { set?: (name: string, value: unknown) => void } = app.getHttpAdapter().getInstance();
      if (platform === 'express') adapter.set?.('trust proxy', true);
    },
  });
  const statuses: number[] = [];
  for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) {
    const headers = { 'x-forwarded-for': address };
    statuses.push((await post(server.resource, toolCall('open'), { headers })).status);
  }
  // Fastify trusts a proxy only where its adapter was made so: these are one address.
  expect(statuses).toEqual(platform === 'express' ? [200, 429, 200] : [200, 429, 429]);
  await server.close();
});

describeWithRedis('two replicas with a storage in Redis', () => {
  let redis: RedisProcess;
  let issuer: TestIssuer;
  const clients: RedisClientType[] = [];
  const replicas: TestApplication[] = [];
  const resource = 'https://mcp.example.com/mcp';

  beforeAll(async () => {
    redis = await RedisProcess.start();
    issuer = await TestIssuer.start();
    for (let index = 0; index < 2; index += 1) {
      const client: RedisClientType = createClient({ socket: { path: redis.socket, tls: false } });
      client.on('error', () => undefined);
      await client.connect();
      clients.push(client);
      const storage = new RedisThrottlerStorage(client);
      replicas.push(
        await startApplication({
          providers: [LimitedTools],
          imports: () => [
            McpAuthModule.forRoot(optionsFor('https://mcp.example.com', issuer.issuer)),
            ThrottlerModule.forRoot({ throttlers: [{ ttl: MINUTE, limit: 3 }], storage }),
          ],
        }),
      );
    }
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.close();
    for (const client of clients) client.destroy();
    await redis.close();
    await issuer.close();
  });

  /** Calls the replicas by turns. */
  async function call(subject: string, name: string, times: number): Promise<number[]> {
    const token = await issuer.token({ aud: resource, sub: subject });
    const urls = replicas.map(({ origin }) => `${origin}/mcp`);
    return await ask(urls, token, toolCall(name), times);
  }

  test('they count together', async () => {
    expect(await call('alice', 'plain', 5)).toEqual([200, 200, 200, 429, 429]);
    expect(await call('alice', 'few', 3)).toEqual([200, 200, 429]);
    expect(await call('bob', 'plain', 3)).toEqual([200, 200, 200]);
  });

  test('what is kept there names no one', async () => {
    await call('somebody@example.com', 'plain', 1);
    const keys = await clients[0]?.keys('*');
    expect(keys?.length).toBeGreaterThan(0);
    expect(keys?.filter((key) => /somebody|plain|example/.test(key))).toEqual([]);
  });

  test('without it each counts for itself', async () => {
    await redis.kill();
    expect(await call('carol', 'few', 6)).toEqual([200, 200, 200, 200, 429, 429]);
  });
});

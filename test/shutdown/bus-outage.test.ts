import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { redisBus } from 'nestjs-mcp-auth';
import { createClient, type RedisClientType } from 'redis';
import { startProtectedServer } from '../support/protected-server.js';
import { RedisProcess } from '../support/redis-process.js';
import { describeWithRedis } from '../support/with-redis.js';

describeWithRedis('a server with a bus over Redis', () => {
  let redis: RedisProcess;
  let client: RedisClientType;

  beforeEach(async () => {
    redis = await RedisProcess.start();
  });

  afterEach(async () => {
    if (client.isOpen) client.destroy();
    await redis.close();
  });

  const states: [state: string, begin: () => unknown, reconnectStrategy: number | false][] = [
    ['is there', () => undefined, 20],
    ['is gone', () => redis.kill(), 20],
    ['is gone for good', () => Promise.all([once(client, 'error'), redis.kill()]), false],
    ['does not answer', () => redis.pause(), 20],
  ];

  describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
    test.each(states)('stops when Redis %s', async (_state, begin, reconnectStrategy) => {
      client = createClient({ socket: { path: redis.socket, tls: false, reconnectStrategy } });
      client.on('error', () => undefined);
      await client.connect();
      const replicas = { bus: redisBus(client), keys: [randomBytes(32)] };
      const server = await startProtectedServer({ platform, options: { replicas } });
      await begin();
      await expect(server.close()).resolves.toBeUndefined();
    });
  });
});

import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import type { TokenCacheOptions } from 'nestjs-mcp-auth';
import { RedisProcess } from '../support/redis-process.js';
import { describeWithRedis } from '../support/with-redis.js';
import { Browser } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

describeWithRedis('accounts in a Redis that replicas share', () => {
  let redis: RedisProcess;
  let parties: Parties;
  let one: LinkedServer;
  let other: LinkedServer;
  const stores: KeyvRedis<unknown>[] = [];
  const encryptionKeys = [randomBytes(32)];

  function tokenCache(): TokenCacheOptions {
    const store = new KeyvRedis({ socket: { path: redis.socket, tls: false } });
    store.on('error', () => undefined);
    stores.push(store);
    return { store, encryptionKeys, timeout: 500 };
  }

  beforeEach(async () => {
    [redis, parties] = await Promise.all([RedisProcess.start(), Parties.start()]);
    // Replicas have one name; the second is reached by its own address.
    one = await parties.serve({ options: { tokenCache: tokenCache() } });
    other = await parties.replicaOf(one, { options: { tokenCache: tokenCache() } });
  });
  afterEach(async () => {
    await parties.close();
    await Promise.all(stores.splice(0).map((store) => store.disconnect(true).catch(() => undefined)));
    await redis.close();
  });

  test('are known to all of them, and can be read by nobody else', async () => {
    const page = await one.pageFor('alice');
    // Each step may come to another replica.
    const browser = new Browser('alice');
    const atOther = page.replace(one.origin, other.origin);
    const answer = await browser.visit(atOther, (url) => url.href.startsWith(`${one.resource}/link/callback?`));
    const next = answer.url.href.replace(one.origin, other.origin);
    expect((await browser.visit(next)).status).toBe(200);
    expect((await other.call('alice')).result?.structuredContent?.of).toBe('alice');
    expect((await one.call('alice')).result?.structuredContent?.of).toBe('alice');
    const [client] = stores;
    const connection = await client?.getClient();
    const everything: string[] = [];
    for await (const keys of (connection as unknown as { scanIterator(): AsyncIterable<string[]> }).scanIterator()) {
      for (const key of keys) {
        everything.push(key, await (connection as unknown as { get(key: string): Promise<string> }).get(key));
      }
    }
    expect(everything.length).toBeGreaterThan(0);
    expect(everything.join('\n')).not.toMatch(/alice|crm|eyJ|refresh|http/);
    for (const token of parties.partner.issued) expect(everything.join('\n')).not.toContain(token);
  });

  test('are refreshed by one of them alone', async () => {
    await new Browser('alice').visit(await one.pageFor('alice'));
    parties.refusals = 2;
    const answers = await Promise.all(
      [one, other, one, other].map(async (replica) => (await replica.call('alice')).result?.structuredContent?.of),
    );
    expect(answers).toEqual(Array(4).fill('alice'));
    const refreshes = parties.partner.grants.filter((grant) => grant === 'refresh_token');
    expect(refreshes.length).toBeLessThanOrEqual(2);
  });

  test('are not taken for unlinked while the store is down', async () => {
    await new Browser('alice').visit(await one.pageFor('alice'));
    await redis.kill();
    const { result, challenge } = await one.call('alice');
    expect(result?.isError).toBe(true);
    expect(result?.inputRequests).toBeUndefined();
    expect(challenge).toBeNull();
    expect(result?.content?.[0]?.text).toContain('Try again later');
    expect((await fetch(`${one.resource}/link/${'x'.repeat(43)}`, { redirect: 'manual' })).status).toBe(503);
    await redis.startAgain();
  });
});

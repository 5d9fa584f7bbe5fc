import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { describeWithRedis } from '../support/with-redis.js';
import { SharedRedis } from '../token-cache/shared-redis.js';
import { Browser } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

describeWithRedis('accounts in a Redis that replicas share', () => {
  let redis: SharedRedis;
  let parties: Parties;
  let one: LinkedServer;
  let other: LinkedServer;
  const keys = [randomBytes(32)];

  const replicas = (): NonNullable<McpAuthModuleOptions['replicas']> => ({
    store: redis.store(),
    keys,
    storeTimeoutMs: 2_000,
  });

  beforeEach(async () => {
    [redis, parties] = await Promise.all([SharedRedis.start(), Parties.start()]);
    one = await parties.serve({ options: { replicas: replicas() } });
    other = await parties.replicaOf(one, { options: { replicas: replicas() } });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await parties.close();
    await redis.close();
  });

  /** Replicas have one name; the second is reached by its own address. */
  const atOther = (url: string) => url.replace(one.origin, other.origin);

  const refreshes = () => parties.partner.grants.filter((grant) => grant === 'refresh_token');

  async function callAll(): Promise<unknown[]> {
    const replicas = [one, other, one, other, one, other];
    return await Promise.all(
      replicas.map(async (replica) => (await replica.call('alice')).result?.structuredContent?.of),
    );
  }

  test('are linked by whichever comes next, and known to all', async () => {
    const browser = new Browser('alice');
    const answer = await browser.visit(atOther(await one.pageFor('alice')), ({ href }) =>
      href.startsWith(`${one.resource}/link/callback?`),
    );
    expect((await browser.visit(atOther(answer.url.href))).status).toBe(200);
    expect(await callAll()).toEqual(Array(6).fill('alice'));
    expect((await browser.visit(await one.pageFor('bob'))).status).toBe(403);
  });

  test('can be read by nobody else, nor can what leads to them', async () => {
    const page = await one.pageFor('alice');
    const seen: string[] = [await redis.everything()];
    const browser = new Browser('alice');
    const answers: string[] = [];
    for (const path of ['/link/callback?', '/link/callback/crm?']) {
      const { url } = await browser.visit(answers.at(-1) ?? page, ({ href }) => href.startsWith(one.resource + path));
      answers.push(url.href);
      seen.push(await redis.everything());
    }
    await browser.visit(answers.at(-1) ?? '');
    await one.call('alice');
    seen.push(await redis.everything());
    const text = seen.join('\n');
    expect(text).toMatch(/^mcp-auth:v1:linking:[\w-]{43}$/m);
    expect(text).not.toMatch(/alice|"crm"|eyJhbGci|refresh|http:|contacts/);
    const secrets = answers.flatMap((answer) => [...new URL(answer).searchParams.values()]);
    for (const secret of [new URL(page).pathname.slice(-43), ...secrets, ...parties.seen, ...parties.partner.issued]) {
      expect(secret).not.toBe('');
      expect(text).not.toContain(secret);
    }
  });

  test('are refreshed once, whichever replicas are called, when the API refuses their token', async () => {
    await new Browser('alice').visit(await one.pageFor('alice'));
    await one.call('alice');
    parties.refuseSeen();
    expect(await callAll()).toEqual(Array(6).fill('alice'));
    expect(refreshes()).toHaveLength(1);
  });

  test('and when it expires', async () => {
    parties.partner.accessTokenLifetime = 60;
    await new Browser('alice').visit(await one.pageFor('alice'));
    const now = Date.now();
    for (let round = 1; round <= 2; round += 1) {
      jest.spyOn(Date, 'now').mockImplementation(() => now + round * 45_000);
      expect(await callAll()).toEqual(Array(6).fill('alice'));
      expect(refreshes()).toHaveLength(round);
    }
  });

  test('are gone from all of them once one has unlinked them', async () => {
    await new Browser('alice').visit(await one.pageFor('alice'));
    await callAll();
    await other.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm');
    expect(await callAll()).toEqual(Array(6).fill(undefined));
  });

  test('are not taken for unlinked while the store is down', async () => {
    await new Browser('alice').visit(await one.pageFor('alice'));
    await redis.process.kill();
    const { result, challenge } = await one.call('alice');
    expect(result).toMatchObject({ isError: true, _meta: { 'nestjs-mcp-auth/retry': { retryable: true } } });
    expect(result?.inputRequests).toBeUndefined();
    expect(challenge).toBeNull();
    expect(result?.content?.[0]?.text).toContain('Try again later');
    expect((await fetch(`${one.resource}/link/${'x'.repeat(43)}`, { redirect: 'manual' })).status).toBe(503);
    await redis.process.startAgain();
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerTokenCache } from '../../lib/on-behalf-of/token-cache/server-token-cache.js';
import { describeWithRedis } from '../support/with-redis.js';
import { aheadBy, stopClocks } from '../support/clocks.js';
import { cacheWith, Exchanges, newKey, type CacheOptions } from './cached-exchange.js';
import { SharedRedis } from './shared-redis.js';

const never = () => new Promise<never>(() => undefined);

describeWithRedis('what is in Redis', () => {
  const key = newKey();
  let redis: SharedRedis;
  let exchanges: Exchanges;
  const started: ServerTokenCache[] = [];

  beforeAll(async () => {
    redis = await SharedRedis.start();
  });
  beforeEach(async () => {
    await redis.client.flushAll();
    exchanges = new Exchanges();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    // What still runs has nothing to do with the next test.
    for (const one of started.splice(0)) one.onApplicationShutdown();
    await redis.disconnectStores();
  });
  afterAll(() => redis.close());

  /** A replica that asks Redis each time. */
  function replica(options: CacheOptions = {}): ServerTokenCache {
    const cache = cacheWith({
      store: redis.store(),
      keys: [key],
      localMaxAgeMs: 0,
      storeTimeoutMs: 5_000,
      ...options,
    });
    started.push(cache);
    return cache;
  }

  /** What takes long by the clock, in no time. */
  async function hurriedly<Result>(result: Promise<Result>): Promise<Result> {
    const clocks = aheadBy(0);
    const tick = async () => {
      clocks.pass(50);
      await new Promise(setImmediate);
      return undefined;
    };
    let first: Result | undefined;
    while (first === undefined) first = await Promise.race([result, tick()]);
    return first;
  }

  const tokenKeys = () => redis.keys('*:token:*');

  async function onlyTokenKey(): Promise<string> {
    const keys = await tokenKeys();
    if (keys.length !== 1 || keys[0] === undefined) throw new Error(`There are ${keys.length} tokens`);
    return keys[0];
  }

  describe('an entry', () => {
    test('is good for another replica', async () => {
      const token = await exchanges.from(replica());
      expect(await exchanges.from(replica())).toBe(token);
      expect(exchanges.tokens).toHaveLength(1);
    });

    test('does not tell of the token, the user, the session and what for', async () => {
      const owner = { subject: 'alice@acme.example', sessionId: 'session-of-alice' };
      await exchanges.from(replica(), { owner, key: ['orders-api', 'orders:read'] });
      await replica().revoke({ issuer: 'https://id.example', ...owner });
      const everything = await redis.everything();
      expect(await redis.keys()).toHaveLength(3);
      const readable = [...exchanges.tokens, 'alice', 'session-of', 'orders', 'id.example', 'bearer'];
      const encodings = [(text: string) => text, (text: string) => Buffer.from(text).toString('base64').slice(0, -4)];
      for (const text of readable) for (const encoded of encodings) expect(everything).not.toContain(encoded(text));
    });

    test('differs each time, whatever is in it', async () => {
      await exchanges.from(replica());
      const first = await redis.everything();
      const [value = ''] = exchanges.tokens;
      await redis.client.flushAll();
      await exchanges.from(replica(), {
        obtain: () => Promise.resolve({ value, type: 'bearer', expiresInMs: 300_000 }),
      });
      const second = await redis.everything();
      expect(second.slice(0, 60)).toBe(first.slice(0, 60));
      expect(second).not.toBe(first);
    });

    test('is kept no longer than the token that came in', async () => {
      exchanges.expiresInMs = 3_600_000;
      const { start } = stopClocks();
      await redis.expectLifetime('*:token:*', 100_000, () =>
        exchanges.from(replica(), { owner: { expiresAt: start + 100_000 } }),
      );
    });

    test('is kept no longer than its own token, less half a minute', async () => {
      stopClocks();
      await redis.expectLifetime('*:token:*', 270_000, () => exchanges.from(replica()));
    });

    test('is no more than that if the exchange took its time', async () => {
      const clock = stopClocks();
      exchanges.before = () => {
        clock.moveTo(clock.start + 60_000);
        return Promise.resolve();
      };
      await redis.expectLifetime('*:token:*', 210_000, () => exchanges.from(replica()));
    });

    test.each([undefined, -1, '300', 0])('is not made for a token whose lifetime is %p', async (expiresInMs) => {
      exchanges.expiresInMs = expiresInMs;
      await exchanges.from(replica());
      expect(await tokenKeys()).toEqual([]);
    });

    test('is over in a replica whose clock says so, whatever Redis says', async () => {
      await exchanges.from(replica());
      const from = Date.now();
      jest.spyOn(Date, 'now').mockImplementation(() => from + 280_000);
      expect(await exchanges.from(replica())).toBe(exchanges.tokens[1]);
    });

    test('is good for a replica whose clock is minutes behind that of who made it', async () => {
      const token = await exchanges.from(replica());
      const from = Date.now();
      jest.spyOn(Date, 'now').mockImplementation(() => from - 120_000);
      expect(await exchanges.from(replica())).toBe(token);
    });

    test('has the scopes that were granted, and what is left of its lifetime', async () => {
      const obtain = () =>
        Promise.resolve({
          value: 'x'.repeat(20),
          type: 'dpop' as const,
          expiresInMs: 300_000,
          grantedScopes: ['read'],
        });
      stopClocks();
      await replica().get(exchanges.request({ obtain }));
      const token = await replica().get(exchanges.request());
      expect(token).toMatchObject({
        value: 'x'.repeat(20),
        type: 'dpop',
        grantedScopes: ['read'],
        expiresInMs: 270_000,
      });
    });
  });

  describe('a key of the ring', () => {
    test('that is old opens what it sealed, and the first seals what is new', async () => {
      const next = newKey();
      const token = await exchanges.from(replica());
      const rotated = replica({ keys: [next, key] });
      expect(await exchanges.from(rotated)).toBe(token);
      const other = await exchanges.from(rotated, { key: ['billing'] });
      expect(await exchanges.from(replica({ keys: [next] }), { key: ['billing'] })).toBe(other);
      expect(exchanges.tokens).toHaveLength(2);
    });

    test('that was taken away makes its entries a miss, which the next exchange replaces', async () => {
      await exchanges.from(replica());
      const others = [replica({ keys: [newKey()] }), replica({ keys: [newKey(), newKey()] })];
      for (const other of others) {
        const token = await exchanges.from(other);
        expect(token).toBe(exchanges.tokens.at(-1));
        expect(await exchanges.from(other)).toBe(token);
      }
      expect(exchanges.tokens).toHaveLength(3);
    });
  });

  describe('an entry that was tampered with is a miss', () => {
    const sealedIn = (text: string | null) => (JSON.parse(text ?? '') as { value: string }).value;
    const flipped = (sealed: string, at: number) => {
      const bytes = [...Buffer.from(sealed, 'base64')];
      return Buffer.from(bytes.with(at, (bytes.at(at) ?? 0) ^ 1)).toString('base64');
    };

    test.each<[string, (sealed: string) => string]>([
      ['in its first byte', (sealed) => flipped(sealed, 0)],
      ['in its middle', (sealed) => flipped(sealed, 20)],
      ['in its last byte', (sealed) => flipped(sealed, -1)],
      ['cut short', (sealed) => sealed.slice(0, sealed.length / 2)],
      ['cut to less than a tag', (sealed) => sealed.slice(0, 20)],
      ['made longer', (sealed) => `${sealed}AAAA`],
      ['emptied', () => ''],
    ])('%s', async (_name, tamper) => {
      await exchanges.from(replica());
      const place = await onlyTokenKey();
      const value = tamper(sealedIn(await redis.client.get(place)));
      await redis.client.set(place, JSON.stringify({ value, expires: Date.now() + 1e6 }));
      expect(await exchanges.from(replica())).toBe(exchanges.tokens[1]);
    });

    test.each(['', 'garbage', '{', '[]', 'null', '"text"', '{"value":{"value":1}}', '{"value":1e999}', '\0'])(
      'replaced by %j',
      async (text) => {
        await exchanges.from(replica());
        await redis.client.set(await onlyTokenKey(), text);
        expect(await exchanges.from(replica())).toBe(exchanges.tokens[1]);
      },
    );

    test('replaced by a list', async () => {
      await exchanges.from(replica());
      const place = await onlyTokenKey();
      await redis.client.del(place);
      await redis.client.lPush(place, 'x');
      expect(await exchanges.from(replica())).toBe(exchanges.tokens[1]);
    });

    test('copied to where another user’s is', async () => {
      await exchanges.from(replica());
      const place = await onlyTokenKey();
      const of = { owner: { subject: 'bob', sessionId: undefined } };
      const bob = await exchanges.from(replica(), of);
      const [other = ''] = (await tokenKeys()).filter((one) => one !== place);
      await redis.client.copy(place, other, { REPLACE: true });
      const again = await exchanges.from(replica(), of);
      expect(again).not.toBe(exchanges.tokens[0]);
      expect(again).not.toBe(bob);
    });

    test('copied from the namespace of another server with the same keys', async () => {
      await exchanges.from(replica({ namespace: 'one' }));
      const place = await onlyTokenKey();
      await redis.client.copy(place, place.replace('one', 'two'));
      expect(await exchanges.from(replica({ namespace: 'two' }))).toBe(exchanges.tokens[1]);
    });
  });

  describe('names', () => {
    test('begin with the namespace, and servers with different ones share nothing', async () => {
      exchanges.before = () => new Promise(setImmediate);
      const servers = [replica({ namespace: 'orders' }), replica({ namespace: 'billing' }), replica()];
      const tokens = await Promise.all(servers.map((one) => exchanges.from(one)));
      expect(new Set(tokens).size).toBe(3);
      await servers[0]?.revoke({ issuer: 'https://id.example', subject: 'alice' });
      const starts = (await redis.keys()).map((one) => one.split(':').slice(0, 3).join(':'));
      expect(starts).toEqual(['billing:v1:token', 'mcp-auth:v1:token', 'orders:v1:mark', 'orders:v1:token']);
      expect(await exchanges.from(replica({ namespace: 'billing' }))).toBe(tokens[1]);
    });

    test('have the prefix that the store was given, the lock’s too', async () => {
      const store = redis.store({ namespace: 'acme', keyPrefixSeparator: '/' });
      let locks: string[] = [];
      exchanges.before = async () => {
        locks = await redis.keys();
      };
      await exchanges.from(replica({ store }));
      expect(locks).toEqual([expect.stringMatching(/^acme\/mcp-auth:v1:lock:/)]);
      expect(await redis.keys()).toEqual([expect.stringMatching(/^acme\/mcp-auth:v1:token:/)]);
    });
  });

  test('no more rights are needed there than the documentation says', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/production/token-cache.md'), 'utf8');
    const [, told = ''] = /The user of the connection needs (.*), on keys/.exec(page) ?? [];
    const commands = [...told.matchAll(/`(\w+)`/g)].map(([, command = '']) => `+${command.toLowerCase()}`);
    const user = { username: 'cache', password: 'a password of the cache' };
    await redis.client.sendCommand([
      'ACL',
      'SETUSER',
      user.username,
      'on',
      `>${user.password}`,
      '~mcp-auth:*',
      ...commands,
    ]);
    exchanges.before = () => new Promise(setImmediate);
    const replicas = [replica({ store: redis.store({}, user) }), replica({ store: redis.store({}, user) })];
    const [token = ''] = await Promise.all(replicas.map((one) => exchanges.from(one)));
    expect(exchanges.tokens).toEqual([token]);
    await Promise.all(replicas.map((one) => exchanges.from(one, { refused: token })));
    await replicas[0]?.revoke({ issuer: 'https://id.example', subject: 'alice' });
    await Promise.all(replicas.map((one) => exchanges.from(one)));
    expect(exchanges.tokens).toHaveLength(3);
    while ((await redis.keys('*:lock:*')).length > 0) await new Promise(setImmediate);
    expect(await redis.client.sendCommand(['ACL', 'LOG'])).toEqual([]);
  });

  describe('the lock', () => {
    const lockKeys = () => redis.keys('*:lock:*');

    test('is held by one during an exchange, for no more than ten seconds, and then by nobody', async () => {
      const held = new Promise<() => void>((resolve) => {
        exchanges.before = () =>
          new Promise((goOn) => {
            resolve(goOn);
          });
      });
      let exchanged: Promise<string> | undefined;
      await redis.expectLifetime('*:lock:*', 10_000, async () => {
        exchanged = exchanges.from(replica());
        await held;
      });
      (await held)();
      await exchanged;
      while ((await lockKeys()).length > 0) await new Promise(setImmediate);
    });

    test('of 8 replicas with 10 callers each, each asking for 3 tokens at once: one exchange for each token', async () => {
      exchanges.before = () => new Promise(setImmediate);
      const replicas = Array.from({ length: 8 }, () => replica());
      const asked = replicas.flatMap((one) =>
        Array.from({ length: 30 }, (_, index) => exchanges.from(one, { key: [`api-${index % 3}`] })),
      );
      expect(new Set(await Promise.all(asked)).size).toBe(3);
      expect(exchanges.tokens).toHaveLength(3);
    });

    test('of a replica that died is waited for, but not for ever', async () => {
      void replica().get(exchanges.request({ obtain: never }));
      while ((await lockKeys()).length === 0) await new Promise(setImmediate);
      await redis.disconnectStores();
      const others = [replica(), replica()].map((one) => exchanges.from(one));
      const tokens = await hurriedly(Promise.all(others));
      expect(exchanges.tokens).toEqual(expect.arrayContaining(tokens));
      expect((await lockKeys()).length).toBe(1);
      expect(await exchanges.from(replica())).toBe(await exchanges.from(replica()));
    });

    test('of a replica that died is free again when its time is over', async () => {
      void replica().get(exchanges.request({ obtain: never }));
      while ((await lockKeys()).length === 0) await new Promise(setImmediate);
      await redis.disconnectStores();
      const [lock = ''] = await lockKeys();
      const others = [replica(), replica(), replica()].map((one) => exchanges.from(one));
      // As Redis does after ten seconds.
      await redis.client.pExpire(lock, 1);
      expect(new Set(await Promise.all(others)).size).toBe(1);
      expect(exchanges.tokens).toHaveLength(1);
    });

    test('that another has by now is not taken away', async () => {
      let lock = '';
      exchanges.before = async () => {
        [lock = ''] = await lockKeys();
        await redis.client.set(lock, 'another');
      };
      const store = redis.store();
      await exchanges.from(replica({ store }));
      // The connection answers in order, so that the release was dealt with before this.
      await (await store.getClient()).get(lock);
      expect(await redis.client.get(lock)).toBe('another');
    });
  });

  describe('a revocation', () => {
    const issuer = 'https://id.example';

    test('counts everywhere, for what is meant', async () => {
      const [one, other] = [replica(), replica()];
      const bob = { owner: { subject: 'bob', sessionId: 'another' } };
      const [alices, bobs] = [await exchanges.from(one), await exchanges.from(one, bob)];
      await other.revoke({ issuer, subject: 'alice' });
      for (const any of [one, other]) {
        expect(await exchanges.from(any)).toBe(exchanges.tokens[2]);
        expect(await exchanges.from(any, bob)).toBe(bobs);
      }
      expect(alices).not.toBe(exchanges.tokens[2]);
    });

    test('outlives every token that was there before it', async () => {
      // A token is kept for a day at most.
      await redis.expectLifetime('*:mark:*', (24 + 1) * 60 * 60_000, () =>
        replica().revoke({ issuer, subject: 'alice', sessionId: 'session' }),
      );
      expect(await redis.keys('*:mark:*')).toHaveLength(2);
    });

    test('counts for a token that another replica was about to get', async () => {
      let go: (() => void) | undefined;
      exchanges.before = () => new Promise((resolve) => (go = resolve));
      const one = replica();
      const running = exchanges.from(one);
      while (!go) await new Promise(setImmediate);
      await replica().revoke({ issuer, sessionId: 'session' });
      exchanges.before = () => Promise.resolve();
      go();
      const token = await running;
      expect(await exchanges.from(one)).not.toBe(token);
      expect(await exchanges.from(replica())).not.toBe(token);
    });

    test('counts after `localMaxAgeMs` where a replica need not ask', async () => {
      const from = performance.now();
      const now = jest.spyOn(performance, 'now').mockImplementation(() => from);
      const one = replica({ localMaxAgeMs: 7_000 });
      const token = await exchanges.from(one);
      await replica().revoke({ issuer, subject: 'alice' });
      now.mockImplementation(() => from + 6_999);
      expect(await exchanges.from(one)).toBe(token);
      now.mockImplementation(() => from + 7_001);
      expect(await exchanges.from(one)).toBe(exchanges.tokens[1]);
    });
  });

  describe('a token that an API refused', () => {
    test('is gone for all replicas, and one exchange replaces it', async () => {
      exchanges.before = () => new Promise(setImmediate);
      const replicas = [replica(), replica(), replica()];
      const refused = await exchanges.from(replicas[0] ?? replica());
      const tokens = await Promise.all(replicas.map((one) => exchanges.from(one, { refused })));
      expect(new Set(tokens)).toEqual(new Set([exchanges.tokens[1]]));
      expect(exchanges.tokens).toHaveLength(2);
    });

    test('is not dropped where another replica has replaced it', async () => {
      const [one, other] = [replica(), replica()];
      const refused = await exchanges.from(one);
      const next = await exchanges.from(one, { refused });
      expect(await exchanges.from(other, { refused })).toBe(next);
      expect(exchanges.tokens).toHaveLength(2);
    });
  });

  describe('renewal ahead of expiry', () => {
    test.each([0, 5_000])('is done by one replica for all, off the path (localMaxAgeMs: %d)', async (localMaxAgeMs) => {
      const owner = { expiresAt: Date.now() + 86_400_000 };
      const replicas = Array.from({ length: 4 }, () => replica({ localMaxAgeMs }));
      const first = await exchanges.from(replicas[0] ?? replica(), { owner });
      for (const one of replicas) await exchanges.from(one, { owner });
      const clocks = aheadBy(265_000);
      let go: () => void = () => undefined;
      let begun = 0;
      exchanges.before = () => {
        begun += 1;
        return new Promise((resolve) => (go = resolve));
      };
      for (const one of replicas) expect(await exchanges.from(one, { owner })).toBe(first);
      while (begun === 0) await new Promise(setImmediate);
      for (const one of replicas) expect(await exchanges.from(one, { owner })).toBe(first);
      go();
      while (exchanges.tokens.length < 2 || (await redis.keys('*:lock:*')).length > 0) await new Promise(setImmediate);
      clocks.pass(localMaxAgeMs + 1);
      for (const one of replicas) expect(await exchanges.from(one, { owner })).toBe(exchanges.tokens[1]);
      expect(begun).toBe(1);
    });
  });

  test('a server that has shut down makes no new connection for an exchange that ends later', async () => {
    const store = redis.store();
    const one = replica({ store });
    let go: (() => void) | undefined;
    exchanges.before = () => new Promise((resolve) => (go = resolve));
    const late = exchanges.from(one);
    while (!go) await new Promise(setImmediate);
    one.onApplicationShutdown();
    await store.disconnect();
    go();
    expect(await late).toBe(exchanges.tokens[0]);
    expect(store.client.isOpen).toBe(false);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { IssuerOutages, PausedError } from '../../lib/on-behalf-of/token-cache/issuer-outages.js';
import type { ServerTokenCache } from '../../lib/on-behalf-of/token-cache/server-token-cache.js';
import { Telemetry } from '../observability/telemetry.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { aheadBy } from '../support/clocks.js';
import { describeWithRedis } from '../support/with-redis.js';
import { cacheWith, Exchanges, newKey, type CacheOptions, type RequestParts } from './cached-exchange.js';
import { MemoryAdapter } from './memory-adapter.js';
import { SharedRedis } from './shared-redis.js';

const down = () => Promise.reject(new Error('the issuer is down'));
const up = () => Promise.resolve();
const hanging = () => new Promise<never>(() => undefined);

let log: RecordingLogger;
let exchanges: Exchanges;
let clocks: ReturnType<typeof aheadBy>;

/** Lets seconds go by. */
function pass(seconds: number): void {
  clocks.pass(seconds * 1000);
}

beforeEach(() => {
  log = new RecordingLogger();
  Logger.overrideLogger(log);
  exchanges = new Exchanges();
  clocks = aheadBy(0);
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** What becomes of a call. */
async function outcome(cache: ServerTokenCache, parts: RequestParts = {}): Promise<string> {
  return await exchanges.from(cache, parts).catch((error: unknown) => (error as Error).message);
}

describe('while the issuer cannot be had', () => {
  test.each([270, 271, 280, 290, 297])('a token is used that is %d of 300 seconds old', async (age) => {
    const cache = cacheWith();
    const token = await exchanges.from(cache);
    exchanges.before = down;
    pass(age);
    expect(await outcome(cache)).toBe(token);
  });

  test('a token is not used any more in its last two seconds', async () => {
    const cache = cacheWith();
    await exchanges.from(cache);
    exchanges.before = down;
    pass(298.5);
    expect(await outcome(cache)).toBe('the issuer is down');
  });

  test('nobody loses a token that is still valid in an outage of a minute', async () => {
    const cache = cacheWith();
    const users = Array.from({ length: 30 }, (_, number) => ({ owner: { subject: `user-${number}` } }));
    for (const user of users) {
      await exchanges.from(cache, user);
      // Their tokens end one after the other.
      pass(9);
    }
    exchanges.before = down;
    const failed = new Set<string>();
    for (let second = 0; second < 60; second += 1) {
      for (const user of users)
        if ((await outcome(cache, user)) === 'the issuer is down') failed.add(user.owner.subject);
      pass(1);
    }
    exchanges.before = up;
    pass(5);
    for (const user of users) expect(await outcome(cache, user)).not.toBe('the issuer is down');
    // Those whose tokens were obtained so long ago that they ended within that minute.
    const ended = users.filter((_, number) => (users.length - number) * 9 + 59 >= 298);
    expect([...failed]).toEqual(ended.map(({ owner }) => owner.subject));
  });

  test('one caller asks for a new token once in five seconds, and as soon as there is one everybody gets theirs', async () => {
    const cache = cacheWith();
    const users = ['alice', 'bob', 'carol'].map((subject) => ({ owner: { subject } }));
    for (const user of users) await exchanges.from(cache, user);
    let asked = 0;
    exchanges.before = () => {
      asked += 1;
      return down();
    };
    pass(275);
    for (let second = 0; second < 10; second += 1) {
      for (const user of users) await outcome(cache, user);
      pass(1);
    }
    expect(asked).toBe(2);
    exchanges.before = up;
    for (const user of users) await outcome(cache, user);
    expect(exchanges.tokens).toHaveLength(6);
  });

  test('a token that an API refused, or whose user signed out, is not used', async () => {
    const cache = cacheWith();
    const refused = await exchanges.from(cache);
    await exchanges.from(cache, { owner: { subject: 'bob' } });
    exchanges.before = down;
    pass(275);
    expect(await outcome(cache, { refused })).toBe('the issuer is down');
    await cache.revoke({ issuer: 'https://id.example', subject: 'bob' });
    expect(await outcome(cache, { owner: { subject: 'bob' } })).toBe('the issuer is down');
  });

  test('a refusal is no outage: what the issuer says of the caller counts', async () => {
    const cache = cacheWith();
    await exchanges.from(cache);
    exchanges.before = down;
    pass(275);
    expect(await outcome(cache, { isFinal: () => true })).toBe('the issuer is down');
    expect(await outcome(cacheWith(), { isTemporary: () => false })).toBe('the issuer is down');
  });

  test('a caller with a token waits a second at most, and the others not at all', async () => {
    const cache = cacheWith();
    const users = ['alice', 'bob'].map((subject) => ({ owner: { subject } }));
    const tokens = [];
    for (const user of users) tokens.push(await exchanges.from(cache, user));
    exchanges.before = hanging;
    pass(275);
    jest.useFakeTimers({ doNotFake: ['Date', 'performance', 'nextTick', 'setImmediate', 'queueMicrotask'] });
    const [alice, bob] = users;
    const calling = outcome(cache, alice);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await calling).toBe(tokens[0]);
    expect(await outcome(cache, bob)).toBe(tokens[1]);
  });

  test('the log tells when it begins and when it is over, and a metric how often', async () => {
    const telemetry = new Telemetry();
    telemetry.register();
    const cache = cacheWith();
    const source = { issuer: 'https://id.example', downstream: 'orders' };
    await exchanges.from(cache, { source });
    exchanges.before = down;
    pass(275);
    await outcome(cache, { source });
    await outcome(cache, { source });
    exchanges.before = up;
    pass(6);
    await outcome(cache, { source });
    expect(await telemetry.counted('nestjs_mcp_auth.old_tokens.uses')).toEqual([[{ downstream: 'orders' }, 2]]);
    await telemetry.unregister();
    expect(log.lines).toEqual([
      expect.stringMatching(/^warn No new tokens for orders can be had from https:\/\/id\.example/),
      expect.stringMatching(/^log New tokens for orders can be had from https:\/\/id\.example again/),
    ]);
  });
});

test('so many issuers may be down that the first of them is forgotten, and no more are remembered', async () => {
  const outages = new IssuerOutages();
  const ask = async (number: number) => {
    const source = { issuer: `https://tenant-${number}.example`, downstream: 'orders' };
    return await outages.ask({ ...exchanges.request({ source }), obtain: down }, true).catch((error: unknown) => error);
  };
  await ask(0);
  expect(await ask(0)).toBeInstanceOf(PausedError);
  for (let number = 1; number <= 2_500; number += 1) await ask(number);
  expect(await ask(0)).toEqual(new Error('the issuer is down'));
});

describe('replicas', () => {
  const key = newKey();
  const store = new MemoryAdapter();
  const options = (): CacheOptions => ({ store, keys: [key], localMaxAgeMs: 0 });

  test('that lost their store and their issuer at once use what they have in memory', async () => {
    const cache = cacheWith(options());
    const token = await exchanges.from(cache);
    store.entries.clear();
    exchanges.before = down;
    expect(await outcome(cache)).toBe(token);
    expect(await outcome(cache)).toBe(token);
  });

  test('that hear of a sign-out from their store do not use what they have', async () => {
    const [here, there] = [cacheWith(options()), cacheWith(options())];
    await exchanges.from(here);
    await there.revoke({ issuer: 'https://id.example', subject: 'alice' });
    exchanges.before = down;
    expect(await outcome(here)).toBe('the issuer is down');
  });
});

describeWithRedis('replicas whose Redis is emptied while the issuer is down', () => {
  let redis: SharedRedis;

  beforeAll(async () => {
    redis = await SharedRedis.start();
  });

  afterAll(async () => {
    await redis.disconnectStores();
    await redis.close();
  });

  test('let no call of a user fail whose token is in memory', async () => {
    const key = newKey();
    const replicas = [0, 1].map(() => cacheWith({ store: redis.store(), keys: [key], storeTimeoutMs: 5_000 }));
    const users = Array.from({ length: 20 }, (_, number) => ({ owner: { subject: `user-${number}` } }));
    const before = await Promise.all(replicas.flatMap((cache) => users.map((user) => exchanges.from(cache, user))));
    await redis.client.flushAll();
    exchanges.before = down;
    pass(6);
    const after = await Promise.all(replicas.flatMap((cache) => users.map((user) => outcome(cache, user))));
    expect(after).toEqual(before);
  });
});

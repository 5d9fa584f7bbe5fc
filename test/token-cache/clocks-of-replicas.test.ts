import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SignJWT } from 'jose';
import type { ServerTokenCache } from '../../lib/on-behalf-of/token-cache/server-token-cache.js';
import { ReplicaClocks, START } from '../support/replica-clocks.js';
import { keepSecret } from '../support/secret-watch.js';
import { describeWithRedis } from '../support/with-redis.js';
import { cacheWith, Exchanges, newKey, type CacheOptions } from './cached-exchange.js';
import { MemoryAdapter } from './memory-adapter.js';
import { SharedRedis } from './shared-redis.js';

const MINUTE = 60_000;

let clocks: ReplicaClocks;

/** A server of its own, whose clock on the wall is off by so much. */
class SkewedReplica {
  readonly cache: ServerTokenCache;

  constructor(
    private readonly skew: number,
    options: CacheOptions,
  ) {
    this.cache = clocks.run(skew, () => cacheWith(options));
  }

  async token(exchanges: Exchanges, parts: Parameters<Exchanges['from']>[1] = {}): Promise<string> {
    // Its caller's token is good by its clock. Nothing else waits meanwhile.
    return await clocks.run(this.skew, () =>
      exchanges.from(this.cache, { owner: { expiresAt: START + 1e9 }, ...parts }),
    );
  }
}

/** Each replica is asked once a second, by turns. Returns how many exchanges that took. */
async function askAll(replicas: readonly SkewedReplica[], exchanges: Exchanges, seconds: number): Promise<number> {
  for (let second = 0; second < seconds; second += 1) {
    for (const replica of replicas) await replica.token(exchanges);
    clocks.passed += 1;
  }
  return exchanges.tokens.length;
}

beforeEach(() => {
  clocks = new ReplicaClocks();
});

afterEach(() => {
  jest.restoreAllMocks();
});

const SKEWS = [
  ['ten minutes ahead', 10 * MINUTE],
  ['ten minutes behind', -10 * MINUTE],
  ['two minutes ahead', 2 * MINUTE],
  ['two minutes behind', -2 * MINUTE],
  ['a day ahead', 24 * 60 * MINUTE],
  ['a year behind', -365 * 24 * 60 * MINUTE],
] as const;

/** JWTs of an issuer whose clock is right, with or without `expires_in`. */
class JwtExchanges extends Exchanges {
  constructor(private readonly isLifetimeTold: boolean) {
    super();
  }

  override request(parts: Parameters<Exchanges['from']>[1] = {}) {
    const obtain = async () => {
      const iat = START / 1000 + clocks.passed;
      const value = await new SignJWT({ iat, exp: iat + 300 }).setProtectedHeader({ alg: 'HS256' }).sign(newKey());
      keepSecret(value);
      this.tokens.push(value);
      return { value, type: 'bearer' as const, expiresInMs: this.isLifetimeTold ? 300_000 : undefined };
    };
    return super.request({ ...parts, obtain });
  }
}

const JWTS = [
  ['with `expires_in`', true],
  ['without `expires_in`', false],
] as const;

describeWithRedis('replicas of which one has a clock that is wrong', () => {
  const key = newKey();
  let redis: SharedRedis;

  beforeAll(async () => {
    redis = await SharedRedis.start();
  });

  afterEach(async () => {
    await redis.client.flushAll();
    await redis.disconnectStores();
  });

  afterAll(() => redis.close());

  test.each(SKEWS)('share tokens all the same: %s', async (_name, skew) => {
    const options = () => ({ store: redis.store(), keys: [key], storeTimeoutMs: 5_000 });
    const replicas = [
      new SkewedReplica(0, options()),
      new SkewedReplica(skew, options()),
      new SkewedReplica(0, options()),
    ];
    // For as long as one token is to be used. A clock that is a little wrong may cost one exchange more.
    expect(await askAll(replicas, new Exchanges(), 60)).toBeLessThanOrEqual(2);
  });

  test.each(JWTS)('share JWTs %s, of which each costs one exchange', async (_name, isLifetimeTold) => {
    const skews = [0, 10 * MINUTE, -10 * MINUTE];
    // Whoever is asked first exchanges.
    for (const [number] of skews.entries()) {
      const replicas = [...skews.slice(number), ...skews.slice(0, number)].map(
        (skew) => new SkewedReplica(skew, { store: redis.store(), keys: [key], storeTimeoutMs: 5_000 }),
      );
      expect(await askAll(replicas, new JwtExchanges(isLifetimeTold), 60)).toBe(1);
      await redis.client.flushAll();
    }
  });
});

describe('replicas of which one has a clock that is wrong, with a store that has no clock', () => {
  test.each(SKEWS)('do not replace each other’s tokens all the time: %s', async (_name, skew) => {
    const store = new MemoryAdapter();
    const key = newKey();
    const replicas = [0, skew, 0].map((one) => new SkewedReplica(one, { store, keys: [key] }));
    expect(await askAll(replicas, new Exchanges(), 60)).toBeLessThanOrEqual(replicas.length);
  });
});

describe('a server whose clock is wrong', () => {
  const cases = JWTS.flatMap(([what, isTold]) => SKEWS.map(([name, skew]) => [name, what, skew, isTold] as const));

  test.each(cases)('keeps JWTs for as long as they are valid: %s, %s', async (_name, _what, skew, isLifetimeTold) => {
    const exchanges = new JwtExchanges(isLifetimeTold);
    const replica = new SkewedReplica(skew, {});
    expect(await askAll([replica], exchanges, 60)).toBe(1);
    clocks.passed = 299;
    await replica.token(exchanges);
    expect(exchanges.tokens).toHaveLength(2);
  });
});

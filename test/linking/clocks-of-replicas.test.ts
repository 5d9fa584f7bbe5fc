import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { AccountLife } from '../../lib/on-behalf-of/linking/account-life.js';
import { AccountRefresh } from '../../lib/on-behalf-of/linking/account-refresh.js';
import { LinkRecords, type LinkedAccount } from '../../lib/on-behalf-of/linking/link-records.js';
import { resolveReplicas, type ReplicaOptions } from '../../lib/replicas/replica-options.js';
import { callerLimits } from '../support/caller-limits.js';
import { ReplicaClocks, START } from '../support/replica-clocks.js';
import { describeWithRedis } from '../support/with-redis.js';
import { newKey, newToken } from '../token-cache/cached-exchange.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { SharedRedis } from '../token-cache/shared-redis.js';

const MINUTE = 60_000;
const OWNER = { issuer: 'https://id.example', subject: 'alice', downstream: 'crm' };
const TARGET = { name: 'crm', linked: { issuer: 'https://login.crm.example' } };

let clocks: ReplicaClocks;
/** How often tokens were refreshed. */
let refreshes: number;

function createAccount(): LinkedAccount {
  const life = AccountLife.begin(5 * MINUTE);
  return { accessToken: newToken(), refreshToken: newToken(), scopes: [], life };
}

/** A server of its own, whose clock on the wall is off by so much. */
class SkewedReplica {
  readonly #accounts: AccountRefresh;

  constructor(
    private readonly skew: number,
    replicas: ReplicaOptions,
  ) {
    const options = { resource: 'https://mcp.example', downstreams: new Map(), replicas: resolveReplicas(replicas) };
    const servers = {
      refresh: () => {
        refreshes += 1;
        return Promise.resolve(createAccount());
      },
    };
    const health = { recordSuccess: () => undefined };
    this.#accounts = new AccountRefresh(
      options as never,
      new LinkRecords(options as never, callerLimits()),
      servers as never,
      health as never,
    );
  }

  async link(): Promise<void> {
    await clocks.run(this.skew, () => this.#accounts.replace(OWNER, createAccount()));
  }

  async call(): Promise<string | undefined> {
    return (await clocks.run(this.skew, () => this.#accounts.getUsable(OWNER, TARGET as never, undefined)))
      ?.accessToken;
  }
}

/** Each replica is asked once a second, by turns. Returns the tokens that they used. */
async function callAll(replicas: readonly SkewedReplica[], seconds: number): Promise<Set<string | undefined>> {
  const used = new Set<string | undefined>();
  for (let second = 0; second < seconds; second += 1) {
    for (const replica of replicas) used.add(await replica.call());
    clocks.passed += 1;
  }
  return used;
}

beforeEach(() => {
  clocks = new ReplicaClocks();
  refreshes = 0;
});

afterEach(() => {
  jest.restoreAllMocks();
});

const SKEWS = [
  ['ten minutes ahead', 10 * MINUTE],
  ['ten minutes behind', -10 * MINUTE],
  ['two minutes ahead', 2 * MINUTE],
  ['two minutes behind', -2 * MINUTE],
  ['a year ahead', 365 * 24 * 60 * MINUTE],
] as const;

const BY_WHOM = [
  ['whose clock is right', 0],
  ['whose clock is wrong', 1],
] as const;

const cases = SKEWS.flatMap(([skewName, skew]) =>
  BY_WHOM.map(([who, writer]) => [skewName, who, skew, writer] as const),
);

describeWithRedis('linked accounts of replicas of which one has a clock that is wrong', () => {
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

  test.each(cases)('are refreshed once in a life: %s, linked by one %s', async (_skew, _who, skew, writer) => {
    const replicas = [0, skew, 0].map(
      (one) => new SkewedReplica(one, { store: redis.store(), keys: [key], storeTimeoutMs: 5_000 }),
    );
    await replicas[writer]?.link();
    expect((await callAll(replicas, 20)).size).toBe(1);
    expect(refreshes).toBe(0);
    // The token is over, and so is the period for which Redis kept the mark, whose clock is its own.
    clocks.passed += 300;
    await redis.client.del(await redis.keys('*:fresh'));
    expect((await callAll(replicas, 20)).size).toBe(1);
    expect(refreshes).toBe(1);
  });
});

describe('linked accounts of replicas of which one has a clock that is wrong, in a store that has no clock', () => {
  test.each(cases)('are not refreshed all the time: %s, linked by one %s', async (_skew, _who, skew, writer) => {
    const store = new MemoryAdapter();
    const key = newKey();
    const replicas = [0, skew, 0].map((one) => new SkewedReplica(one, { store, keys: [key] }));
    await replicas[writer]?.link();
    await callAll(replicas, 60);
    expect(refreshes).toBeLessThanOrEqual(2);
    clocks.passed += 300;
    await callAll(replicas, 60);
    expect(refreshes).toBeLessThanOrEqual(4);
  });
});

describe('the account of a single process', () => {
  test.each(SKEWS)('is used for as long as its token lasts, after the clock was set %s', async (_name, skew) => {
    const replica = new SkewedReplica(0, {});
    await replica.link();
    const before = await replica.call();
    jest.spyOn(Date, 'now').mockImplementation(() => START + skew);
    Object.assign(replica, { skew });
    // A clock that is set forward may end it. One that is set back does not extend it.
    const after = await replica.call();
    if (skew < 0) expect(after).toBe(before);
    clocks.passed += 280;
    expect(await replica.call()).not.toBe(before);
  });
});

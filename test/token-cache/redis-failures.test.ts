import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { errors, TokenCache } from 'nestjs-mcp-auth';
import { describeWithRedis } from '../support/with-redis.js';
import { aheadBy } from '../support/clocks.js';
import { Replicas, type Replica } from './replicas.js';
import { SharedRedis } from './shared-redis.js';

/** Long enough for the pause in which nobody asks a store that failed. */
const A_WHILE = 6_000;

/** Milliseconds for an answer of Redis: more than a busy machine lets it wait. */
const TIMEOUT = 500;

describeWithRedis('two servers whose Redis', () => {
  let redis: SharedRedis;
  let replicas: Replicas;

  beforeEach(async () => {
    [redis, replicas] = await Promise.all([SharedRedis.start(), Replicas.prepare()]);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await replicas.close();
    await redis.close();
  });

  async function startBoth(): Promise<readonly Replica[]> {
    for (const platform of ['express', 'fastify'] as const)
      await replicas.start({ store: redis.store(), localMaxAgeMs: 0, storeTimeoutMs: TIMEOUT }, platform);
    return replicas.all;
  }

  const someone = (() => {
    let number = 0;
    return () => `user-${(number += 1)}`;
  })();

  /** Each server serves users that it does not know yet, and again, as themselves. */
  async function expectAllServed(): Promise<void> {
    const users = replicas.all.flatMap((replica) => Array.from({ length: 3 }, () => ({ replica, name: someone() })));
    const serve = async ({ replica, name }: (typeof users)[number]) => {
      const token = await replicas.token(name);
      const seen = await Promise.all([1, 2, 3].map(() => replica.subjectSeen(token)));
      expect([...seen, await replica.subjectSeen(token)]).toEqual(Array(4).fill(name));
    };
    await Promise.all(users.map(serve));
  }

  /** A token that one server exchanged serves the other. */
  async function expectShared(): Promise<void> {
    const token = await replicas.token(someone());
    const before = replicas.issuer.exchanges.length;
    for (const replica of replicas.all) await replica.call(token);
    expect(replicas.issuer.exchanges).toHaveLength(before + 1);
  }

  /** Once connections are back, and the pause is over in which nobody asks. */
  async function expectSharedAgain(clocks = aheadBy(0)): Promise<void> {
    await redis.untilStoresAreBack();
    clocks.pass(A_WHILE);
    await expectShared();
  }

  const warnings = () =>
    replicas.all.flatMap(({ application }) => application.log.lines.filter((line) => line.includes('is not usable')));

  const lost = () => new Promise((resolve) => redis.client.once('reconnecting', resolve));
  const back = () => new Promise((resolve) => redis.client.once('ready', resolve));

  async function kill(): Promise<void> {
    const losing = lost();
    await redis.process.kill();
    await losing;
  }

  async function startAgain(): Promise<void> {
    const returning = back();
    await redis.process.startAgain();
    await returning;
  }

  test('is not there when they start serve everybody, and share once it is', async () => {
    await kill();
    await startBoth();
    await expectAllServed();
    await expectAllServed();
    expect(warnings()).toHaveLength(2);
    await startAgain();
    await expectSharedAgain();
  });

  test.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
    ['is gone', kill, startAgain],
    [
      'hangs',
      async () => {
        redis.process.pause();
        await Promise.resolve();
      },
      async () => {
        redis.process.resume();
        await Promise.resolve();
      },
    ],
    ['has no room', () => redis.client.configSet('maxmemory', '1'), () => redis.client.configSet('maxmemory', '0')],
    [
      'keeps clients waiting',
      () => redis.client.sendCommand(['CLIENT', 'PAUSE', '600000', 'ALL']),
      async () => {
        await kill();
        await startAgain();
      },
    ],
  ])('%s serve everybody, and share again when it is back', async (_name, breakIt, mendIt) => {
    await startBoth();
    await expectShared();
    await breakIt();
    await expectAllServed();
    await expectAllServed();
    await mendIt();
    await expectSharedAgain();
  });

  test('is killed and started again under load let no call fail, and nobody act as another', async () => {
    await startBoth();
    const users = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => ({
        name: `busy-${index}`,
        token: await replicas.token(`busy-${index}`),
      })),
    );
    let served = 0;
    let isOver = false;
    const working = users.map(async ({ name, token }, index) => {
      for (let calls = index; !isOver; calls += 1) {
        const replica = replicas.all[calls % 2];
        // Now a token that is known, now one that nobody has seen.
        const own = calls % 3 === 0 ? await replicas.token(name) : token;
        expect(await replica?.subjectSeen(own)).toBe(name);
        served += 1;
      }
    });
    const servedMore = async (count: number) => {
      const until = served + count;
      while (served < until) await Promise.race([...working, new Promise(setImmediate)]);
    };
    await servedMore(50);
    const clocks = aheadBy(0);
    for (let times = 0; times < 2; times += 1) {
      await kill();
      await servedMore(50);
      await startAgain();
      clocks.pass(A_WHILE);
      await servedMore(50);
    }
    redis.process.pause();
    await servedMore(50);
    redis.process.resume();
    await servedMore(50);
    isOver = true;
    await Promise.all(working);
    await expectSharedAgain(clocks);
  });

  test('is gone tell whoever revokes that it did not reach the others', async () => {
    const [one, other] = await startBoth();
    const token = await replicas.token();
    for (const replica of [one, other]) await replica?.call(token);
    await kill();
    const revocation = { issuer: replicas.issuer.issuer, subject: 'alice' };
    await expect(one?.application.app.get(TokenCache).revoke(revocation)).rejects.toThrow(errors.RevocationError);
    await startAgain();
    await one?.application.app.get(TokenCache).revoke(revocation);
    const before = replicas.issuer.exchanges.length;
    await one?.call(token);
    expect(replicas.issuer.exchanges).toHaveLength(before + 1);
  });

  test('answers slowly serve everybody, and share all the same', async () => {
    const slow = () => {
      const store = redis.store();
      const getMany = store.getMany.bind(store);
      store.getMany = async (keys: string[]) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return await getMany(keys);
      };
      return store;
    };
    for (const platform of ['express', 'fastify'] as const)
      await replicas.start({ store: slow(), localMaxAgeMs: 0, storeTimeoutMs: 2_000 }, platform);
    await expectAllServed();
    await expectShared();
  });
});

import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { describeWithRedis } from '../../../support/with-redis.js';
import { SharedRedis } from '../../../token-cache/shared-redis.js';
import { Deployment, type ReplicaOptions } from './deployment.js';

const USERS = ['alice', 'bob', 'carol'];

describeWithRedis('what replicas share, while calls go on', () => {
  let redis: SharedRedis;
  let deployment: Deployment;

  beforeAll(async () => {
    redis = await SharedRedis.start();
  });
  beforeEach(async () => {
    await redis.client.flushAll();
  });
  afterEach(async () => {
    await deployment.close();
    await redis.disconnectStores();
  });
  afterAll(() => redis.close());

  const exchanges = () => deployment.issuer.exchanges.length;

  /** Each user calls an API, and answers a question at the replica that did not ask it. */
  async function startCalls(options: ReplicaOptions): Promise<void> {
    deployment = await Deployment.start(options);
    const tokens = await Promise.all(USERS.map((user) => deployment.token(user)));
    deployment.keepDoing(
      ...tokens.map((token, index) => async () => {
        await deployment.find(token, USERS[index] ?? '');
        await deployment.answer(token, await deployment.ask(token));
      }),
    );
    await deployment.settle();
    expect(exchanges()).toBe(USERS.length);
  }

  /** A question that is asked before a roll-out, and answered after it. */
  async function rollOut(options: ReplicaOptions): Promise<void> {
    const token = await deployment.token('dave');
    const state = await deployment.ask(token);
    await deployment.rollOut(options);
    await deployment.answer(token, state);
  }

  describe('the keys of the store', () => {
    const newKey = () => randomBytes(32).toString('base64');
    const withKeys =
      (...keys: string[]): ReplicaOptions =>
      () => ({ replicas: { store: redis.store(), keys, storeTimeoutMs: 5_000 } });

    test('are changed by three roll-outs without a lost call', async () => {
      const [old, next] = [newKey(), newKey()];
      await startCalls(withKeys(old));
      await rollOut(withKeys(old, next));
      await rollOut(withKeys(next, old));
      expect(exchanges()).toBe(USERS.length);
      // Here a day passes.
      await deployment.rollOut(withKeys(next));
      // What no key opens is exchanged anew, once for all replicas.
      expect(exchanges()).toBe(2 * USERS.length);
      expect(deployment.lost).toEqual([]);
    });

    test('are not changed by one: the replicas of before cannot read what the new ones write', async () => {
      const [old, next] = [newKey(), newKey()];
      await startCalls(withKeys(old));
      const token = await deployment.token('dave');
      await deployment.answer(token, await deployment.ask(token, 0), 1);
      await deployment.replace(0, withKeys(next, old));
      const state = await deployment.ask(token, 0);
      await expect(deployment.answer(token, state, 1)).rejects.toThrow('invalid_request_state');
    });
  });

  describe('the password of the store', () => {
    const key = randomBytes(32);
    const withPassword =
      (password: string): ReplicaOptions =>
      () => ({
        replicas: { store: redis.store({}, { username: 'default', password }), keys: [key], storeTimeoutMs: 5_000 },
      });

    beforeEach(async () => {
      await redis.client.aclSetUser('default', ['resetpass', '>the old password']);
    });

    test('is changed without a lost call, or an exchange', async () => {
      await startCalls(withPassword('the old password'));
      await redis.client.aclSetUser('default', '>the new password');
      await rollOut(withPassword('the new password'));
      await redis.client.aclSetUser('default', '<the old password');
      await deployment.settle();
      expect(exchanges()).toBe(USERS.length);
      expect(deployment.lost).toEqual([]);
    });

    test('that is wrong costs an exchange at each replica, and calls that ask their user', async () => {
      await startCalls(withPassword('the old password'));
      await redis.client.aclSetUser('default', ['resetpass', '>the new password']);
      const token = await deployment.token('dave');
      await deployment.replace(0, withPassword('the old password'));
      await deployment.find(token, 'dave');
      await deployment.find(token, 'dave');
      expect(exchanges()).toBeGreaterThan(USERS.length);
      await expect(deployment.ask(token, 0)).rejects.toThrow('cannot go on right now');
      expect(deployment.lost.filter((each) => !each.includes('cannot go on right now'))).toEqual([]);
    });
  });
});

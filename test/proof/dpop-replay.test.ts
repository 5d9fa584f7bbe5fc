import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MemoryReplayStore, ReplayStoreError } from '../../lib/resource-server/authentication/replay-store.js';
import type { ReplayStore } from '../../lib/resource-server/authentication/proof-options.js';
import { outcome, possession, ProofClient, RecordingStore, request, RESOURCE, TOKEN } from './proof-client.js';
import { watchTimers } from '../support/watched-timers.js';

/** Seconds since the epoch. */
const NOW = Math.floor(Date.now() / 1000);

let client: ProofClient;

beforeAll(async () => {
  client = await ProofClient.start();
});

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function itIs(seconds: number): void {
  jest.spyOn(Date, 'now').mockReturnValue(seconds * 1000);
}

describe('a proof is good once', () => {
  test('and no second time', async () => {
    const dpop = possession();
    const source = request(await client.proof());
    expect(await outcome(dpop.check(source, 'dpop', TOKEN, client.confirmation))).toBe('accepted');
    const again = dpop.check(source, 'dpop', TOKEN, client.confirmation);
    await expect(again).rejects.toThrow('The DPoP proof was used before');
    expect(await outcome(dpop.check(source, 'dpop', TOKEN, client.confirmation))).toBe('invalid_dpop_proof');
  });

  test('however many try it at once', async () => {
    const dpop = possession();
    const source = request(await client.proof());
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => outcome(dpop.check(source, 'dpop', TOKEN, client.confirmation))),
    );
    expect(outcomes.filter((one) => one === 'accepted')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'invalid_dpop_proof')).toHaveLength(49);
  });

  test('nor is another one with its jti', async () => {
    const dpop = possession();
    const outcomeOf = async (claims: Record<string, unknown>) =>
      await outcome(dpop.check(request(await client.proof(claims)), 'dpop', TOKEN, client.confirmation));
    expect(await outcomeOf({ jti: 'same', iat: NOW - 10 })).toBe('accepted');
    expect(await outcomeOf({ jti: 'same', htu: `${RESOURCE}?other` })).toBe('invalid_dpop_proof');
    expect(await outcomeOf({ jti: 'other' })).toBe('accepted');
  });

  test('other clients may have the same jti', async () => {
    const dpop = possession();
    const other = await ProofClient.start();
    for (const one of [client, other]) {
      const check = dpop.check(request(await one.proof({ jti: 'same' })), 'dpop', TOKEN, one.confirmation);
      expect(await outcome(check)).toBe('accepted');
    }
  });

  test('a proof that is refused is not used up', async () => {
    const dpop = possession();
    const proof = await client.proof();
    const get = { ...request(proof), method: 'GET' };
    expect(await outcome(dpop.check(get, 'dpop', TOKEN, client.confirmation))).toBe('invalid_dpop_proof');
    expect(await outcome(dpop.check(request(proof), 'dpop', TOKEN, client.confirmation))).toBe('accepted');
  });

  test.each([
    ['made just now', 0],
    ['made by a clock that is slow', -300],
    ['made by a clock that is fast', 300],
    ['made at a fraction of a second', 0.75],
  ])('through all the time that its iat leaves it: %s', async (_name, ahead) => {
    const dpop = possession();
    const source = request(await client.proof({ iat: NOW + ahead }));
    itIs(NOW);
    expect(await outcome(dpop.check(source, 'dpop', TOKEN, client.confirmation))).toBe('accepted');
    for (let now = NOW; now <= NOW + ahead + 400; now += 0.5) {
      itIs(now);
      expect(await outcome(dpop.check(source, 'dpop', TOKEN, client.confirmation))).toBe('invalid_dpop_proof');
    }
  });
});

describe('what a store is asked', () => {
  test.each([
    ['made just now', 0, 361],
    ['as old as may be', -300, 61],
    ['as far ahead as may be', 300, 661],
    ['with a fraction', 0.25, 362],
  ])('whole seconds until after the proof has run out: %s', async (_name, ahead, lifetime) => {
    const replayStore = new RecordingStore();
    itIs(NOW);
    await possession({ replayStore }).check(
      request(await client.proof({ iat: NOW + ahead })),
      'dpop',
      TOKEN,
      client.confirmation,
    );
    expect(replayStore.claims).toEqual([{ key: expect.stringMatching(/^[\w-]{43}$/), lifetimeMs: lifetime * 1000 }]);
  });

  test('nothing of the jti, which may be long and odd', async () => {
    const replayStore = new RecordingStore();
    const dpop = possession({ replayStore });
    await dpop.check(request(await client.proof({ jti: '*\r\nFLUSHALL' })), 'dpop', TOKEN, client.confirmation);
    expect(JSON.stringify(replayStore.claims)).not.toContain('FLUSHALL');
  });
});

describe('a store that fails lets nobody in', () => {
  const failing = (claim: () => unknown) => ({ claim }) as ReplayStore;

  test.each<[string, ReplayStore, string]>([
    ['by rejecting', failing(() => Promise.reject(new Error('down'))), 'The replay store failed: down'],
    ['by throwing', failing(thrown), 'The replay store failed: broken'],
    ['with an answer like "OK"', failing(() => 'OK'), 'The replay store answers neither true nor false'],
    ['with no answer', failing(() => undefined), 'The replay store answers neither true nor false'],
  ])('%s', async (_name, replayStore, message) => {
    const dpop = possession({ replayStore });
    const error: unknown = await dpop
      .check(request(await client.proof()), 'dpop', TOKEN, client.confirmation)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReplayStoreError);
    expect(error).toMatchObject({ message, code: 'replay_store_unavailable' });
  });

  test('by never answering', async () => {
    let asked: () => void;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const replayStore = failing(() => {
      asked();
      return new Promise(() => undefined);
    });
    jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'queueMicrotask', 'setImmediate'] });
    const timers = watchTimers();
    const check = possession({ replayStore }).check(request(await client.proof()), 'dpop', TOKEN, client.confirmation);
    const refusal = check.catch((error: unknown) => error);
    await isAsked;
    jest.advanceTimersByTime(2_000);
    expect(await refusal).toEqual(new ReplayStoreError('The replay store does not answer'));
    expect(timers.delays).toEqual([2_000]);
    expect(timers.pending).toBe(0);
  });
});

describe('the store in memory', () => {
  test('forgets nothing that counts when it is full', () => {
    const store = new MemoryReplayStore(3);
    itIs(NOW);
    for (const key of ['a', 'b', 'c']) expect(store.claim(key, 10_000)).toBe(true);
    expect(() => store.claim('d', 10_000)).toThrow(ReplayStoreError);
    for (const key of ['a', 'b', 'c']) expect(store.claim(key, 10_000)).toBe(false);
  });

  test('has room again when something has run out', () => {
    const store = new MemoryReplayStore(2);
    itIs(NOW);
    store.claim('short', 10_000);
    store.claim('long', 100_000);
    itIs(NOW + 9);
    expect(() => store.claim('new', 10_000)).toThrow(ReplayStoreError);
    itIs(NOW + 10);
    expect(store.claim('new', 10_000)).toBe(true);
    expect(store.claim('long', 10_000)).toBe(false);
  });

  test('searches for room once a second at most', () => {
    const store = new MemoryReplayStore(1);
    itIs(NOW);
    store.claim('short', 500);
    expect(() => store.claim('new', 10_000)).toThrow(ReplayStoreError);
    itIs(NOW + 0.9);
    expect(() => store.claim('new', 10_000)).toThrow(ReplayStoreError);
    itIs(NOW + 1);
    expect(store.claim('new', 10_000)).toBe(true);
  });

  test('lets go of what has run out long before it is full', () => {
    const store = new MemoryReplayStore();
    itIs(NOW);
    for (let index = 0; index < 100; index++) store.claim(`key ${index}`, 10_000);
    expect(store.size).toBe(100);
    itIs(NOW + 61);
    store.claim('another', 10_000);
    expect(store.size).toBe(1);
  });

  test('takes a key again after its time', () => {
    const store = new MemoryReplayStore(1);
    itIs(NOW);
    expect(store.claim('key', 10_000)).toBe(true);
    itIs(NOW + 9.9);
    expect(store.claim('key', 10_000)).toBe(false);
    itIs(NOW + 10);
    expect(store.claim('key', 10_000)).toBe(true);
    expect(store.size).toBe(1);
  });
});

function thrown(): never {
  throw new Error('broken');
}

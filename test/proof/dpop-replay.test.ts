import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ReplayStoreError } from '../../lib/resource-server/authentication/replay-store.js';
import { UsedProofs } from '../../lib/resource-server/authentication/used-proofs.js';
import { callerLimits } from '../support/caller-limits.js';
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
    ['made just now', 0, 901],
    ['as old as may be', -300, 601],
    ['as far ahead as may be', 300, 1201],
    ['with a fraction', 0.25, 902],
  ])(
    'whole seconds until the proof has run out by a clock that is ten minutes behind: %s',
    async (_name, ahead, lifetime) => {
      const replayStore = new RecordingStore();
      itIs(NOW);
      await possession({ replayStore }).check(
        request(await client.proof({ iat: NOW + ahead })),
        'dpop',
        TOKEN,
        client.confirmation,
      );
      expect(replayStore.claims).toEqual([{ key: expect.stringMatching(/^[\w-]{43}$/), lifetimeMs: lifetime * 1000 }]);
    },
  );

  test('nothing of the jti, which may be long and odd', async () => {
    const replayStore = new RecordingStore();
    const dpop = possession({ replayStore });
    await dpop.check(request(await client.proof({ jti: '*\r\nFLUSHALL' })), 'dpop', TOKEN, client.confirmation);
    expect(JSON.stringify(replayStore.claims)).not.toContain('FLUSHALL');
  });
});

describe('two replicas whose clocks differ by ten minutes, or less', () => {
  const SKEWS = [-600, -300, -61, 61, 300, 600];
  const AGES = [-300, 0, 300];
  const cases = SKEWS.flatMap((skew) => AGES.map((ahead) => [skew, ahead] as const));

  test.each(cases)('accept a proof once: %i s, made %i s from now', async (skew, ahead) => {
    let time = NOW;
    const keys = new Map<string, number>();
    /** Like Redis, it goes by a clock of its own. */
    const replayStore: ReplayStore = {
      claim(key, lifetimeMs) {
        const isNew = (keys.get(key) ?? 0) <= time;
        if (isNew) keys.set(key, time + lifetimeMs / 1000);
        return isNew;
      },
    };
    const [writer, reader] = [possession({ replayStore }), possession({ replayStore })];
    const source = request(await client.proof({ iat: NOW + ahead }));
    const at = async (now: number, replica = reader) => {
      itIs(now);
      return await outcome(replica.check(source, 'dpop', TOKEN, client.confirmation));
    };
    expect(await at(NOW, writer)).toBe('accepted');
    let others = 0;
    for (; time <= NOW + 1_300; time += 20) {
      expect(await at(time + skew)).toBe('invalid_dpop_proof');
      // One that shares nothing.
      if ((await at(time + skew, possession())) === 'accepted') others += 1;
    }
    // Clocks that are further from the client’s than proofs last refuse it anyway.
    expect(others > 0).toBe(skew - ahead <= 300);
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

describe('proofs in memory', () => {
  const proofsWith = (usedProofs: number, inAll = 50_000) =>
    new UsedProofs(callerLimits({ perCaller: { usedProofs }, inAll: { usedProofs: inAll } }).of('usedProofs'));

  const claim = (proofs: UsedProofs, key: string, subject = 'a', iat = NOW, lifetimeMs = 10_000) =>
    proofs.claim({ key, holder: { issuer: 'https://id.test', subject }, iat, lifetimeMs });

  test('of one caller without end are no reason to refuse another, and none is accepted twice', () => {
    const proofs = proofsWith(100, 200);
    itIs(NOW);
    expect(claim(proofs, 'mine', 'victim')).toBe(true);
    for (let index = 0; index < 5_000; index += 1) claim(proofs, `${index}`, 'attacker', NOW + index / 100);
    expect(proofs.size).toBeLessThanOrEqual(201);
    expect(claim(proofs, 'mine', 'victim')).toBe(false);
    expect(claim(proofs, 'another of mine', 'victim')).toBe(true);
    for (let index = 0; index < 5_000; index += 1)
      expect(claim(proofs, `${index}`, 'attacker', NOW + index / 100)).toBe(false);
  });

  test('that had to make room are not accepted again, and younger ones are', () => {
    const proofs = proofsWith(2);
    itIs(NOW);
    expect(['a', 'b', 'c'].map((key, index) => claim(proofs, key, 'a', NOW + index))).toEqual([true, true, true]);
    expect(['a', 'b', 'c'].map((key, index) => claim(proofs, key, 'a', NOW + index))).toEqual([false, false, false]);
    expect(claim(proofs, 'as old as what is gone', 'a', NOW)).toBe(false);
    expect(claim(proofs, 'younger', 'a', NOW + 2)).toBe(true);
    expect(claim(proofs, 'as old, of another user', 'b', NOW)).toBe(true);
  });

  test('of all users together make room, too, and none is accepted twice', () => {
    const proofs = proofsWith(3, 6);
    itIs(NOW);
    const keys = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2', 'd1'];
    const uses = () => keys.map((key) => claim(proofs, key, key.slice(0, 1), NOW + Number(key.slice(1))));
    expect(uses()).toEqual(keys.map(() => true));
    expect(proofs.size).toBe(6);
    expect(uses()).toEqual(keys.map(() => false));
  });

  test('that have run out make room before those that count', () => {
    const proofs = proofsWith(2, 2);
    itIs(NOW);
    claim(proofs, 'short', 'a', NOW, 5_000);
    claim(proofs, 'long', 'b', NOW, 100_000);
    itIs(NOW + 9);
    expect(claim(proofs, 'new', 'c')).toBe(true);
    expect(claim(proofs, 'long', 'b')).toBe(false);
    expect(claim(proofs, 'as old', 'b')).toBe(true);
  });

  test('are let go of when they have run out, long before there is no room', () => {
    const proofs = proofsWith(5_000);
    itIs(NOW);
    for (let index = 0; index < 100; index++) claim(proofs, `key ${index}`);
    expect(proofs.size).toBe(100);
    itIs(NOW + 61);
    claim(proofs, 'another');
    expect(proofs.size).toBe(1);
  });

  test('are taken again after their time', () => {
    const proofs = proofsWith(5_000);
    itIs(NOW);
    expect(claim(proofs, 'key')).toBe(true);
    itIs(NOW + 9.9);
    expect(claim(proofs, 'key')).toBe(false);
    itIs(NOW + 10);
    expect(claim(proofs, 'key')).toBe(true);
    expect(proofs.size).toBe(1);
  });
});

function thrown(): never {
  throw new Error('broken');
}

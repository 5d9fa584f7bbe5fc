import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { errors, type ExchangeLock } from 'nestjs-mcp-auth';
import type { ServerTokenCache } from '../../lib/on-behalf-of/token-cache/server-token-cache.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { aheadBy } from '../support/clocks.js';
import { cacheWith, Exchanges, newKey, type CacheOptions } from './cached-exchange.js';
import { MemoryAdapter } from './memory-adapter.js';

const keys = [newKey()];

let store: MemoryAdapter;
let exchanges: Exchanges;
let log: RecordingLogger;

beforeEach(() => {
  store = new MemoryAdapter();
  exchanges = new Exchanges();
  log = new RecordingLogger();
  Logger.overrideLogger(log);
});

afterEach(() => {
  jest.restoreAllMocks();
});

const never = () => new Promise<never>(() => undefined);

/** A replica that asks the store each time. */
function replica(options: CacheOptions = {}): ServerTokenCache {
  return cacheWith({ store, keys, localMaxAgeMs: 0, storeTimeoutMs: 10, ...options });
}

describe('a store that has no lock', () => {
  test('is shared by replicas, of which each may exchange for itself', async () => {
    const replicas = [replica(), replica()];
    let asked = 0;
    const all = new Promise<void>((resolve) => {
      exchanges.before = async () => {
        asked += 1;
        if (asked === replicas.length) resolve();
        await all;
      };
    });
    await Promise.all(replicas.map((one) => exchanges.from(one)));
    expect(exchanges.tokens).toHaveLength(2);
    const tokens = await Promise.all(replicas.map((one) => exchanges.from(one)));
    expect(new Set(tokens).size).toBe(1);
    expect(exchanges.tokens).toHaveLength(2);
  });

  test('takes part in a revocation', async () => {
    const [one, other] = [replica(), replica()];
    const token = await exchanges.from(one);
    expect(await exchanges.from(other)).toBe(token);
    await one.revoke({ issuer: 'https://id.example', sessionId: 'session' });
    expect(await exchanges.from(other)).toBe(exchanges.tokens[1]);
    expect(await exchanges.from(one)).toBe(exchanges.tokens[1]);
  });

  test('keeps what it had of the prefix that its owner gave it', async () => {
    store.namespace = 'acme';
    await exchanges.from(replica());
    expect(store.namespace).toBe('acme');
  });

  test('gets one listener, however many servers use it', async () => {
    const replicas = Array.from({ length: 12 }, () => replica());
    await Promise.all(replicas.map((one) => exchanges.from(one)));
    expect(store.listenerCount('error')).toBe(1);
  });
});

describe('a store that lies costs an exchange, and nothing else', () => {
  const copied = (): unknown => [...store.entries.values()][0];

  test.each<[string, () => unknown]>([
    ['the entry of another key', copied],
    ['text', () => 'garbage'],
    ['no text', () => ''],
    ['JSON of another kind', () => '[1]'],
    ['JSON that is null', () => 'null'],
    ['an entry with another value', () => JSON.stringify({ value: { token: 'x' } })],
    ['an entry without a value', () => '{}'],
    ['an entry with base64 that nobody sealed', () => JSON.stringify({ value: newKey().toString('base64') })],
    ['a number', () => 42],
    ['an object', () => ({ value: 7, expires: 'soon' })],
    ['bytes', () => Buffer.from('x')],
    ['false', () => false],
  ])('%s', async (_name, answer) => {
    await exchanges.from(replica(), { owner: { subject: 'mallory' } });
    store.fault = answer;
    const one = replica();
    expect(await exchanges.from(one)).toBe(exchanges.tokens[1]);
    expect(await exchanges.from(one)).toBe(exchanges.tokens[2]);
  });

  test('fewer answers than were asked for', async () => {
    const together = Object.assign(store, { getMany: () => Promise.resolve([]) });
    expect(await exchanges.from(replica({ store: together }))).toBe(exchanges.tokens[0]);
  });
});

describe('a store that is of no use', () => {
  const faults: [string, () => unknown][] = [
    ['fails', () => Promise.reject(new Error('connection lost'))],
    [
      'throws at once',
      () => {
        throw new Error('not open');
      },
    ],
    ['never answers', never],
    [
      'tells of a failure, and answers as if nothing were there',
      () => {
        store.emit('error', new Error('connection lost'));
        return undefined;
      },
    ],
  ];

  test.each(faults)(
    'because it %s: everybody is served, and after a few failures nobody asks it',
    async (_name, fault) => {
      store.fault = fault;
      const one = replica();
      for (let subject = 0; subject < 5; subject += 1)
        await Promise.all(
          Array.from({ length: 5 }, () => exchanges.from(one, { owner: { subject: `user-${subject}` } })),
        );
      expect(exchanges.tokens).toHaveLength(5);
      const { asked } = store;
      for (let subject = 0; subject < 50; subject += 1)
        await exchanges.from(one, { owner: { subject: `user-${subject}` } });
      expect(store.asked).toBe(asked);
      expect(exchanges.tokens).toHaveLength(50);
      expect(log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    },
  );

  test('is asked by one alone after a pause, while others do not wait for what comes of it', async () => {
    store.fault = never;
    const one = replica();
    for (let tries = 0; tries < 5; tries += 1) await exchanges.from(one);
    aheadBy(5_001);
    const before = store.asked;
    let isProbing = true;
    const probing = exchanges.from(one, { owner: { subject: 'probe' } }).finally(() => (isProbing = false));
    while (store.asked === before) await Promise.resolve();
    const { asked } = store;
    await exchanges.from(one, { owner: { subject: 'bystander' } });
    expect(isProbing).toBe(true);
    expect(store.asked).toBe(asked);
    await probing;
  });

  test('is used again when it is back, and the log says so', async () => {
    store.fault = never;
    const [one, other] = [replica(), replica()];
    for (let tries = 0; tries < 5; tries += 1) await exchanges.from(one);
    store.fault = undefined;
    aheadBy(5_001);
    const token = await exchanges.from(one);
    expect(await exchanges.from(other)).toBe(token);
    expect(log.text).toContain('The store of the token cache is usable again');
  });

  test('is used again in time where the clock is set back meanwhile', async () => {
    store.fault = never;
    const [one, other] = [replica(), replica()];
    for (let tries = 0; tries < 5; tries += 1) await exchanges.from(one);
    store.fault = undefined;
    const [wall, monotonic] = [Date.now(), performance.now()];
    jest.spyOn(Date, 'now').mockImplementation(() => wall - 3_600_000);
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic + 5_001);
    const token = await exchanges.from(one);
    expect(await exchanges.from(other)).toBe(token);
  });

  test('what this process has is used meanwhile', async () => {
    const one = replica();
    const token = await exchanges.from(one);
    store.fault = never;
    for (let tries = 0; tries < 5; tries += 1) expect(await exchanges.from(one)).toBe(token);
    expect(exchanges.tokens).toHaveLength(1);
  });

  test('a revocation counts in this process, and its caller learns that it does not in others', async () => {
    const one = replica();
    const token = await exchanges.from(one);
    store.fault = () => Promise.reject(new Error('connection lost'));
    await expect(one.revoke({ issuer: 'https://id.example', subject: 'alice' })).rejects.toThrow(
      errors.RevocationError,
    );
    store.fault = never;
    expect(await exchanges.from(one)).not.toBe(token);
  });

  test('what it says is one line of the log, and not a long one', async () => {
    store.fault = () => Promise.reject(new Error(`down\nERROR all is lost \u001b[2J${'x'.repeat(1_000)}`));
    const one = replica();
    for (let tries = 0; tries < 5; tries += 1) await exchanges.from(one);
    const [line = '', ...more] = log.lines.filter((each) => each.startsWith('warn'));
    expect(more).toEqual([]);
    expect(line).toContain('down ERROR all is lost');
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(line.length).toBeLessThan(400);
  });

  test('a store that does not keep what it is given does not take a revocation', async () => {
    store.fault = () => false;
    await expect(replica().revoke({ issuer: 'https://id.example', subject: 'alice' })).rejects.toMatchObject({
      code: 'revocation_incomplete',
    });
  });
});

describe('a lock of the application’s own', () => {
  class OwnLock implements ExchangeLock {
    readonly held = new Map<string, string>();
    readonly released: string[] = [];

    acquire(key: string, owner: string): Promise<boolean> {
      if (this.held.has(key)) return Promise.resolve(false);
      this.held.set(key, owner);
      return Promise.resolve(true);
    }

    release(key: string, owner: string): Promise<unknown> {
      this.released.push(owner);
      if (this.held.get(key) === owner) this.held.delete(key);
      return Promise.resolve();
    }
  }

  test('lets one replica exchange, for all', async () => {
    const lock = new OwnLock();
    const replicas = [replica({ lock }), replica({ lock }), replica({ lock })];
    exchanges.before = () => new Promise((resolve) => setImmediate(resolve));
    const tokens = await Promise.all(replicas.map((one) => exchanges.from(one)));
    expect(new Set(tokens).size).toBe(1);
    expect(exchanges.tokens).toHaveLength(1);
    expect(lock.held.size).toBe(0);
  });

  test('is given back after an exchange that failed, so that the next in turn tries', async () => {
    const lock = new OwnLock();
    const failure = new Error('unreachable');
    const failing = exchanges.from(replica({ lock }), { obtain: () => Promise.reject(failure) });
    const other = exchanges.from(replica({ lock }));
    await expect(failing).rejects.toBe(failure);
    expect(await other).toBe(exchanges.tokens[0]);
  });

  test('who holds it for ever is not waited for', async () => {
    const lock = new OwnLock();
    const dead = replica({ lock });
    void dead.get(exchanges.request({ obtain: never }));
    while (lock.held.size === 0) await new Promise(setImmediate);
    const waiting = exchanges.from(replica({ lock }));
    await new Promise(setImmediate);
    aheadBy(5_001);
    expect(await waiting).toBe(exchanges.tokens[0]);
    expect(lock.held.size).toBe(1);
  });

  test.each<[string, Partial<ExchangeLock>]>([
    ['fails', { acquire: () => Promise.reject(new Error('no quorum')) }],
    ['never answers', { acquire: never }],
    ['says neither yes nor no', { acquire: () => Promise.resolve('OK' as never) }],
    ['says nothing', { acquire: () => Promise.resolve(undefined as never) }],
    ['says null', { acquire: () => Promise.resolve(null as never) }],
    ['is not released', { release: () => Promise.reject(new Error('no quorum')) }],
    ['is never released', { release: never }],
  ])('that %s: each exchanges, and shares what it has', async (_name, fault) => {
    const lock = Object.assign(new OwnLock(), fault);
    const token = await exchanges.from(replica({ lock }));
    expect(token).toBe(exchanges.tokens[0]);
    expect(await exchanges.from(replica({ lock }))).toBe(token);
  });

  test('that answers without a promise is a lock all the same', async () => {
    const held: string[] = [];
    const lock = { acquire: (key: string) => held.push(key) > 0, release: () => held.pop() };
    await exchanges.from(replica({ lock: lock as never }));
    expect(exchanges.tokens).toHaveLength(1);
    expect(held).toEqual([]);
  });

  test('that was had too late is given back', async () => {
    const lock = new OwnLock();
    let late: (isOurs: boolean) => void = () => undefined;
    lock.acquire = () => new Promise((resolve) => (late = resolve));
    expect(await exchanges.from(replica({ lock }))).toBe(exchanges.tokens[0]);
    late(true);
    await new Promise(setImmediate);
    expect(lock.released).toHaveLength(1);
  });
});

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ServerTokenCache } from '../../lib/on-behalf-of/token-cache/server-token-cache.js';
import { cacheWith, Exchanges, inAnHour, newKey } from './cached-exchange.js';
import { MemoryAdapter } from './memory-adapter.js';

let cache: ServerTokenCache;
let exchanges: Exchanges;

beforeEach(() => {
  cache = cacheWith();
  exchanges = new Exchanges();
});

const denied = new Error('denied');
const isFinal = (error: unknown) => error === denied;
const fail = (error: Error) => () => Promise.reject(error);

describe('one exchange for all who wait', () => {
  test('of 100 who ask at once, one exchanges and all get its token', async () => {
    const tokens = await Promise.all(Array.from({ length: 100 }, () => exchanges.from(cache)));
    expect(new Set(tokens)).toEqual(new Set(exchanges.tokens));
    expect(exchanges.tokens).toHaveLength(1);
  });

  test('the failure is shared with those who waited, and not with those who come after', async () => {
    let attempts = 0;
    const obtain = () => {
      attempts += 1;
      return Promise.reject(new Error('unreachable'));
    };
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => exchanges.from(cache, { obtain })));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(attempts).toBe(1);
    expect(await exchanges.from(cache)).toBe(exchanges.tokens[0]);
  });

  test('a final failure is remembered for seconds, for that key alone', async () => {
    await expect(exchanges.from(cache, { obtain: fail(denied), isFinal })).rejects.toBe(denied);
    await expect(exchanges.from(cache)).rejects.toBe(denied);
    expect(await exchanges.from(cache, { key: ['billing'] })).toBe(exchanges.tokens[0]);
    const now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now + 5_001);
    expect(await exchanges.from(cache)).toBe(exchanges.tokens[1]);
  });
});

describe('keys', () => {
  test.each([
    ['fields that run together', ['a', 'bc'], ['ab', 'c']],
    ['a length within a field', ['1:a'], ['a']],
    ['a missing field and an empty one', [undefined], ['']],
    ['a missing field and its sign', [undefined], ['-']],
    ['a field more', ['a'], ['a', undefined]],
    ['text that UTF-8 cannot write', ['\ud800'], ['\ud801']],
  ])('%s are not mixed up', async (_name, one, other) => {
    const first = await exchanges.from(cache, { key: one });
    expect(await exchanges.from(cache, { key: other })).not.toBe(first);
    expect(await exchanges.from(cache, { key: one })).toBe(first);
  });

  test.each([
    ['subject', { subject: 'bob' }],
    ['subject, which is empty', { subject: '' }],
    ['issuer', { issuer: 'https://other.example' }],
  ])('who has another %s never gets the token, whatever the key says', async (_name, owner) => {
    const alice = await exchanges.from(cache);
    expect(await exchanges.from(cache, { owner })).not.toBe(alice);
  });

  test('the least recently used tokens go first', async () => {
    cache = cacheWith({}, { perCaller: { cachedTokens: 4 } });
    for (let each = 0; each < 50; each += 1) {
      await exchanges.from(cache, { key: [String(each)] });
      await exchanges.from(cache, { key: ['in use'] });
    }
    expect(exchanges.tokens).toHaveLength(51);
    await exchanges.from(cache, { key: ['0'] });
    expect(exchanges.tokens).toHaveLength(52);
  });
});

describe('a token that an API refused', () => {
  test('is dropped, and one exchange serves all who were refused', async () => {
    const refused = await exchanges.from(cache);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => exchanges.from(cache, { refused })));
    expect(new Set(tokens)).toEqual(new Set([exchanges.tokens[1]]));
    expect(exchanges.tokens).toHaveLength(2);
  });

  test('is not dropped where another has taken its place', async () => {
    const refused = await exchanges.from(cache);
    const next = await exchanges.from(cache, { refused });
    expect(await exchanges.from(cache, { refused })).toBe(next);
    expect(await exchanges.from(cache)).toBe(next);
  });

  test('is asked for once more where the exchange that was running gave it', async () => {
    let value = 'x'.repeat(10);
    const obtain = () => Promise.resolve({ value, type: 'bearer' as const, expiresInMs: 300_000 });
    const first = exchanges.from(cache, { obtain });
    const second = exchanges.from(cache, { obtain, refused: value });
    value = 'y'.repeat(10);
    expect(await second).toBe('y'.repeat(10));
    expect(await first).toMatch(/^[xy]{10}$/);
  });
});

describe('revocation', () => {
  const of = async (owner: object) => await exchanges.from(cache, { owner });

  test.each([
    ['a user', { subject: 'alice' }, [{ sessionId: 'one' }, { sessionId: undefined }], [{ subject: 'bob' }]],
    ['a session', { sessionId: 'one' }, [{ sessionId: 'one' }], [{ sessionId: 'two' }, { sessionId: undefined }]],
    [
      'a session of a user, and tokens that may be of it,',
      { subject: 'alice', sessionId: 'one' },
      [{ sessionId: 'one' }, { sessionId: undefined }],
      [{ sessionId: 'two' }, { subject: 'bob', sessionId: undefined }],
    ],
  ])('of %s forgets what is meant, and nothing else', async (_name, revocation, meant, others) => {
    const foreign = { issuer: 'https://other.example', sessionId: 'one' };
    const all = [...meant, ...others, foreign].map((owner) => ({ key: [JSON.stringify(owner)], owner }));
    const before = await Promise.all(all.map((parts) => exchanges.from(cache, parts)));
    await cache.revoke({ issuer: 'https://id.example', ...revocation });
    const after = await Promise.all(all.map((parts) => exchanges.from(cache, parts)));
    expect(after.map((token, index) => token === before[index])).toEqual(all.map((_, index) => index >= meant.length));
  });

  test('that names neither forgets nothing', async () => {
    const token = await of({});
    await cache.revoke({ issuer: 'https://id.example' });
    expect(await of({})).toBe(token);
  });

  test('counts for an exchange that is running: its token is not kept', async () => {
    let go: () => void = () => undefined;
    exchanges.before = () => new Promise((resolve) => (go = resolve));
    const running = of({});
    await cache.revoke({ issuer: 'https://id.example', subject: 'alice' });
    go();
    exchanges.before = () => Promise.resolve();
    const token = await of({});
    expect(token).not.toBe(await running);
    expect(await of({})).toBe(token);
  });
});

describe('renewal ahead of expiry', () => {
  const day = 86_400;
  const never = () => new Promise<never>(() => undefined);

  function advance(seconds: number): void {
    const [wall, monotonic] = [Date.now(), performance.now()];
    jest.spyOn(Date, 'now').mockImplementation(() => wall + seconds * 1000);
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic + seconds * 1000);
  }

  test('happens once, off the path, and the token from before serves on', async () => {
    const owner = { expiresAt: Date.now() + day * 1000 };
    const first = await exchanges.from(cache, { owner });
    advance(265);
    let go: () => void = () => undefined;
    exchanges.before = () => new Promise((resolve) => (go = resolve));
    for (let calls = 0; calls < 5; calls += 1) expect(await exchanges.from(cache, { owner })).toBe(first);
    go();
    while (exchanges.tokens.length < 2) await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(await exchanges.from(cache, { owner })).toBe(exchanges.tokens[1]);
    expect(exchanges.tokens).toHaveLength(2);
  });

  test('is waited for by those who come when the token from before is over', async () => {
    const owner = { expiresAt: Date.now() + day * 1000 };
    await exchanges.from(cache, { owner });
    advance(265);
    let go: () => void = () => undefined;
    exchanges.before = () => new Promise((resolve) => (go = resolve));
    await exchanges.from(cache, { owner });
    advance(10);
    const late = exchanges.from(cache, { owner, obtain: never });
    go();
    expect(await late).toBe(exchanges.tokens[1]);
  });

  test('that fails is not the failure of those who waited for it', async () => {
    const owner = { expiresAt: Date.now() + day * 1000 };
    await exchanges.from(cache, { owner });
    advance(265);
    let fails: (reason: Error) => void = () => undefined;
    const obtain = () => new Promise<never>((_resolve, reject) => (fails = reject));
    await exchanges.from(cache, { owner, obtain, isFinal });
    advance(10);
    const late = exchanges.from(cache, { owner });
    fails(denied);
    expect(await late).toBe(exchanges.tokens[1]);
  });

  test('is waited for by nobody whose token is good, however often replicas ask the store', async () => {
    cache = cacheWith({ store: new MemoryAdapter(), keys: [newKey()], localMaxAgeMs: 0 });
    const owner = { expiresAt: Date.now() + day * 1000 };
    const first = await exchanges.from(cache, { owner });
    advance(265);
    let attempts = 0;
    const obtain = () => {
      attempts += 1;
      return never();
    };
    for (let calls = 0; calls < 5; calls += 1) {
      expect(await exchanges.from(cache, { owner, obtain })).toBe(first);
      await new Promise(setImmediate);
    }
    expect(attempts).toBe(1);
  });

  test('is given up where the token is revoked meanwhile', async () => {
    const owner = { expiresAt: Date.now() + day * 1000 };
    await exchanges.from(cache, { owner });
    advance(265);
    let go: () => void = () => undefined;
    exchanges.before = () => new Promise((resolve) => (go = resolve));
    await exchanges.from(cache, { owner });
    await cache.revoke({ issuer: 'https://id.example', subject: 'alice' });
    go();
    await new Promise(setImmediate);
    exchanges.before = () => Promise.resolve();
    expect(await exchanges.from(cache, { owner })).toBe(exchanges.tokens[2]);
  });

  test('is not tried while the token is young', async () => {
    const owner = { expiresAt: Date.now() + day * 1000 };
    await exchanges.from(cache, { owner });
    advance(190);
    await exchanges.from(cache, { owner });
    expect(exchanges.tokens).toHaveLength(1);
  });

  test('is not tried where the token that came in ends as well', async () => {
    const owner = { expiresAt: Date.now() + 320_000 };
    await exchanges.from(cache, { owner });
    advance(265);
    await exchanges.from(cache, { owner });
    expect(exchanges.tokens).toHaveLength(1);
  });

  test('fails in silence, and is not tried again at once', async () => {
    const owner = { expiresAt: inAnHour() };
    const first = await exchanges.from(cache, { owner });
    advance(265);
    let attempts = 0;
    const obtain = () => {
      attempts += 1;
      return Promise.reject(denied);
    };
    for (let calls = 0; calls < 5; calls += 1) {
      expect(await exchanges.from(cache, { owner, obtain, isFinal })).toBe(first);
      await new Promise(setImmediate);
    }
    expect(attempts).toBe(1);
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

import { expect, jest, test } from '@jest/globals';
import { FairCache, measureText } from '../../lib/limits/fair-cache.js';
import { resolveLimits, type LimitOptions } from '../../lib/limits/limit-options.js';
import { Shares } from '../../lib/limits/shares.js';

function cacheOf(options: LimitOptions = {}) {
  const displaced: string[] = [];
  const shares = new Shares('keptTasks', resolveLimits(options).caps.keptTasks);
  const cache = new FairCache<string>(shares, (key) => displaced.push(key));
  const keep = (subject: string, key: string, lifetimeMs = 60_000, isPinned = false) =>
    cache.offer(key, `value of ${key}`, { holder: { issuer: 'i', subject }, lifetimeMs, bytes: 100, isPinned });
  return { cache, shares, displaced, keep };
}

test('a value is counted once, however often it is set, and no more when it is gone', () => {
  const { cache, shares, keep } = cacheOf();
  keep('a', 'x');
  const { bytes } = shares;
  keep('a', 'x');
  expect([cache.size, shares.count, shares.bytes]).toEqual([1, 1, bytes]);
  expect(bytes).toBeGreaterThan(100);
  expect(cache.delete('x')).toBe(true);
  expect(cache.delete('x')).toBe(false);
  expect([cache.size, shares.count, shares.bytes]).toEqual([0, 0, 0]);
});

test('one holder with twenty thousand values displaces none of another', () => {
  const { cache, displaced, keep } = cacheOf();
  keep('victim', 'mine');
  for (let index = 0; index < 20_000; index += 1) keep('attacker', String(index));
  expect(cache.get('mine')).toBe('value of mine');
  expect(cache.size).toBe(201);
  expect(displaced).toHaveLength(19_800);
});

test('a pinned value stays, and one that is not pinned any more goes', () => {
  const { cache, keep } = cacheOf({ perCaller: { keptTasks: 2 } });
  keep('a', 'pinned', 60_000, true);
  keep('a', '1');
  keep('a', '2');
  expect([cache.get('pinned'), cache.get('1'), cache.get('2')]).toEqual(['value of pinned', undefined, 'value of 2']);
  keep('a', 'pinned');
  keep('a', '3');
  keep('a', '4');
  expect(cache.get('pinned')).toBeUndefined();
});

test('what is too old makes room before anyone loses something', () => {
  jest.useFakeTimers({ now: 0 });
  const { cache, displaced, keep } = cacheOf({ inAll: { keptTasks: 2 } });
  keep('a', 'old', 1_000);
  keep('b', 'young');
  jest.setSystemTime(2_000);
  keep('c', 'new');
  expect(displaced).toEqual([]);
  expect([cache.get('old'), cache.get('young'), cache.get('new')]).toEqual([
    undefined,
    'value of young',
    'value of new',
  ]);
});

test('what is too old is not found, and held by nobody any more', () => {
  jest.useFakeTimers({ now: 0 });
  const { cache, shares, keep } = cacheOf();
  keep('a', 'x', 1_000);
  keep('a', 'y', 1_000);
  jest.setSystemTime(999);
  expect(cache.get('x')).toBe('value of x');
  jest.setSystemTime(1_000);
  expect(cache.get('x')).toBeUndefined();
  expect([cache.size, shares.count]).toEqual([1, 1]);
  expect(cache.delete('y')).toBe(false);
  expect([cache.size, shares.count]).toEqual([0, 0]);
});

test('a value that is too large is not kept, and displaces nothing', () => {
  const { cache, displaced, keep } = cacheOf({ perCaller: { bytesOfEach: 5_000 } });
  keep('a', 'x');
  const isKept = cache.offer('large', 'y', { holder: { issuer: 'i', subject: 'a' }, lifetimeMs: 1_000, bytes: 5_000 });
  expect([isKept, cache.size, displaced]).toEqual([false, 1, []]);
});

test('the size of a text is no less than what it takes', () => {
  expect(measureText('ab', '€')).toBe(6);
});

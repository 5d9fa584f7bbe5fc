import { expect, test } from '@jest/globals';
import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { resolveOptions } from '../../lib/configuration/resolve-options.js';
import { QUANTITIES, STREAM_SIZE } from '../../lib/limits/quantity.js';
import { Shares } from '../../lib/limits/shares.js';
import { optionsFor } from '../support/module-options.js';

const resolve = (limits: NonNullable<McpAuthModuleOptions['limits']>) =>
  resolveOptions(optionsFor('https://mcp.test', 'https://id.test', { limits })).limits.caps;

test('every quantity has a default that leaves room for many callers', () => {
  for (const { perCaller, inAll } of Object.values(QUANTITIES)) expect(inAll).toBeGreaterThanOrEqual(10 * perCaller);
});

test('as many streams fit as there may be, unless the options say less', () => {
  const take = (limits: NonNullable<McpAuthModuleOptions['limits']>) => {
    const shares = new Shares('streams', resolve(limits).streams);
    for (;;) {
      try {
        shares.take({ issuer: 'https://id.test', subject: `user-${shares.count}` }, { bytes: STREAM_SIZE });
      } catch {
        return shares.count;
      }
    }
  };
  expect(take({})).toBe(QUANTITIES.streams.inAll);
  expect(take({ inAll: { streams: 12_000 } })).toBe(12_000);
  expect(take({ inAll: { bytesOfEach: 1_000_000 } })).toBe(56);
});

test('what is said of one quantity changes no other', () => {
  const caps = resolve({ perCaller: { streams: 3 }, inAll: { streams: 5 } });
  expect(caps.streams).toMatchObject({ perCaller: { count: 3 }, inAll: { count: 5 } });
  expect(caps.callsInFlight).toEqual(resolve({}).callsInFlight);
});

test('no default is more than what there is in all', () => {
  expect(resolve({ inAll: { streams: 2 } }).streams.perCaller.count).toBe(2);
  expect(resolve({ inAll: { bytesOfEach: 9_000 } }).streams.perCaller.bytes).toBe(9_000);
});

test.each<[string, NonNullable<McpAuthModuleOptions['limits']>, RegExp]>([
  ['no stream', { perCaller: { streams: 0 } }, /`limits.perCaller.streams` has to be a whole number from 1 up/],
  ['half a stream', { inAll: { streams: 1.5 } }, /`limits.inAll.streams`/],
  ['hardly a byte', { inAll: { bytesOfEach: 1 } }, /`limits.inAll.bytesOfEach` has to be at least 8192 bytes/],
  [
    'more for one than for all',
    { perCaller: { keptTasks: 3 }, inAll: { keptTasks: 2 } },
    /`limits.perCaller.keptTasks` is more than `limits.inAll.keptTasks`/,
  ],
  [
    'a rate of nothing for each caller',
    { rate: { perCaller: { limit: 0, ttlMs: 1_000 } } },
    /`limits.rate.perCaller.limit` has to be a positive number of requests/,
  ],
  [
    'a rate in no time',
    { rate: { perTool: { limit: 1, ttlMs: 0 } } },
    /`limits.rate.perTool.ttlMs` has to be a positive number of milliseconds/,
  ],
  [
    'a rate for each caller of all requests there are',
    { rate: { acceptUnlimitedRequests: true, perCaller: { limit: 1, ttlMs: 1_000 } } },
    /`limits.rate.perCaller` has no effect beside `acceptUnlimitedRequests`/,
  ],
  [
    'a rate for each tool of all requests there are',
    { rate: { acceptUnlimitedRequests: true, perTool: { limit: 1, ttlMs: 1_000 } } },
    /`limits.rate.perTool` has no effect beside `acceptUnlimitedRequests`/,
  ],
  ['another quantity', { perCaller: { stream: 1 } as never }, /`limits.perCaller.stream` is not an option/],
])('%s stops the boot', (_name, limits, message) => {
  expect(() => resolve(limits)).toThrow(message);
});

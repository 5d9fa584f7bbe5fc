import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SignJWT } from 'jose';
import type { ServerTokenCache } from '../../lib/on-behalf-of/token-cache/server-token-cache.js';
import { keepSecret } from '../support/secret-watch.js';
import { cacheWith, Exchanges, newKey } from './cached-exchange.js';

const START = Date.now();

let cache: ServerTokenCache;
let exchanges: Exchanges;
/** Milliseconds that went by, on each clock. */
let wall: number;
let monotonic: number;

beforeEach(() => {
  cache = cacheWith();
  exchanges = new Exchanges();
  wall = 0;
  monotonic = 0;
  const from = performance.now();
  jest.spyOn(Date, 'now').mockImplementation(() => START + wall);
  jest.spyOn(performance, 'now').mockImplementation(() => from + monotonic);
});

afterEach(() => {
  jest.restoreAllMocks();
});

function pass(seconds: number): void {
  wall += seconds * 1000;
  monotonic += seconds * 1000;
}

const untilSeconds = (seconds: number) => ({ expiresAt: START + seconds * 1000 });

/** Seconds for which one token is served, by steps of a second. */
async function secondsKept(parts: Parameters<Exchanges['from']>[1] = {}, most = 400): Promise<number> {
  const first = await exchanges.from(cache, parts);
  for (let seconds = 0; seconds <= most; seconds += 1) {
    if ((await exchanges.from(cache, parts)) !== first) return seconds;
    pass(1);
  }
  return Number.POSITIVE_INFINITY;
}

async function jwt(exp: unknown): Promise<string> {
  const token = await new SignJWT({ exp: exp as number }).setProtectedHeader({ alg: 'HS256' }).sign(newKey());
  keepSecret(token);
  return token;
}

const giving = (value: string, expiresInMs?: unknown) => ({
  obtain: async () => {
    exchanges.tokens.push(value);
    return await Promise.resolve({ value, type: 'bearer' as const, expiresInMs: expiresInMs as number });
  },
});

/** How often a token is asked for in two calls: once if it is kept. */
async function exchangesInTwoCalls(parts: Parameters<Exchanges['from']>[1]): Promise<number> {
  await exchanges.from(cache, parts);
  await exchanges.from(cache, parts);
  return exchanges.tokens.length;
}

describe('a token is kept', () => {
  test('until half a minute before it expires', async () => {
    expect(await secondsKept({ owner: untilSeconds(301) })).toBe(270);
  });

  test('for half its life, where that is shorter than a minute', async () => {
    exchanges.expiresInMs = 20_000;
    expect(await secondsKept()).toBe(10);
  });

  test('not longer than the token that came in', async () => {
    expect(await secondsKept({ owner: untilSeconds(100) })).toBe(100);
  });

  test('until the `exp` of a JWT, where nothing else is said of it', async () => {
    const value = await jwt(START / 1000 + 100);
    const request = { ...giving(value), owner: untilSeconds(101) };
    expect(await exchangesInTwoCalls(request)).toBe(1);
    pass(69);
    expect(await exchangesInTwoCalls(request)).toBe(1);
    pass(2);
    expect(await exchangesInTwoCalls(request)).toBe(2);
  });

  test('until the `exp` of a JWT, where something else is said of it', async () => {
    const value = await jwt(START / 1000 + 100);
    await exchanges.from(cache, giving(value, 86_400_000));
    pass(71);
    expect(await exchangesInTwoCalls(giving(value, 86_400_000))).toBe(2);
  });

  test.each([1e15, Number.POSITIVE_INFINITY])('for a day at most, whatever is said: %d', async (expiresInMs) => {
    exchanges.expiresInMs = expiresInMs;
    const owner = untilSeconds(86_400);
    const first = await exchanges.from(cache, { owner });
    pass(86_400 - 31);
    expect(await exchanges.from(cache, { owner })).toBe(first);
    pass(2);
    expect(await exchanges.from(cache, { owner })).not.toBe(first);
  });

  test('from when it was asked for: how long the answer took is not added', async () => {
    const owner = untilSeconds(600);
    exchanges.before = () => {
      pass(60);
      return Promise.resolve();
    };
    const first = await exchanges.from(cache, { owner });
    exchanges.before = () => Promise.resolve();
    pass(209);
    expect(await exchanges.from(cache, { owner })).toBe(first);
    pass(2);
    expect(await exchanges.from(cache, { owner })).not.toBe(first);
  });
});

describe('a token is not kept', () => {
  test.each([undefined, -1, 0, Number.NaN, '300', null, {}])('if its lifetime is %p', async (expiresInMs) => {
    exchanges.expiresInMs = expiresInMs;
    expect(await exchangesInTwoCalls({})).toBe(2);
  });

  test.each([-1, Number.NaN])('if the token that came in ends at %p', async (expiresAt) => {
    expect(await exchangesInTwoCalls({ owner: { expiresAt } })).toBe(2);
  });

  test.each(['soon', -1])('if it is a JWT with `exp` %p', async (exp) => {
    expect(await exchangesInTwoCalls(giving(await jwt(exp)))).toBe(2);
  });
});

describe('a clock that is set', () => {
  test('forwards ends tokens early', async () => {
    const first = await exchanges.from(cache);
    wall += 300_000;
    expect(await exchanges.from(cache)).not.toBe(first);
  });

  test('backwards makes no token last longer', async () => {
    const first = await exchanges.from(cache);
    wall -= 3_600_000;
    expect(await exchanges.from(cache)).toBe(first);
    pass(271);
    expect(await exchanges.from(cache)).not.toBe(first);
  });

  test('backwards while a token is on its way makes it last no longer', async () => {
    exchanges.before = () => {
      wall -= 3_600_000;
      return Promise.resolve();
    };
    const owner = untilSeconds(86_400);
    const first = await exchanges.from(cache, { owner });
    exchanges.before = () => Promise.resolve();
    pass(271);
    expect(await exchanges.from(cache, { owner })).not.toBe(first);
  });

  test('backwards after it was ahead ends them in time', async () => {
    wall += 3_600_000;
    const owner = untilSeconds(86_400);
    const first = await exchanges.from(cache, { owner });
    wall -= 3_600_000;
    pass(271);
    expect(await exchanges.from(cache, { owner })).not.toBe(first);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { skipPausesOfApis } from '../support/pauses.js';
import { answer, answersInTurn, breaks } from './answers.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

let tool: RunningTool;
/** Milliseconds before it asked again. */
let pauses: number[];

beforeAll(async () => {
  tool = await startRunningTool({ orders: { http: { circuitBreaker: false, deadlineMs: 20_000 } } });
});
beforeEach(() => {
  pauses = skipPausesOfApis();
});
afterEach(() => {
  jest.restoreAllMocks();
  tool.orders.answers.clear();
  tool.orders.requests.length = 0;
});
afterAll(() => tool.close());

const status = (init: RequestInit = {}) =>
  tool.returned(async (client) => (await client.fetch('/x', { ...init })).status);

describe('what passes is asked for again', () => {
  test.each([429, 502, 503, 504])('%i', async (failure) => {
    answersInTurn(tool.orders, '/v1/x', answer(failure), answer(failure), answer(200));
    expect(await status()).toBe(200);
    expect(tool.orders.requests).toHaveLength(3);
  });

  test('a connection that breaks before an answer', async () => {
    answersInTurn(tool.orders, '/v1/x', breaks, answer(200));
    expect(await status()).toBe(200);
  });

  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('of %s', async (method) => {
    answersInTurn(tool.orders, '/v1/x', answer(503), answer(200));
    expect(await status({ method })).toBe(200);
  });

  test('of a POST that has a key of its own, with the very body', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(503), answer(200));
    expect(await status({ method: 'POST', body: 'tea', headers: { 'Idempotency-Key': '7' } })).toBe(200);
    expect(tool.orders.requests.map(({ body }) => body)).toEqual(['tea', 'tea']);
  });

  test('with the token, on every attempt', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(503), breaks, answer(200));
    await status();
    expect(tool.orders.requests.map(({ claims }) => claims?.aud)).toEqual(Array(3).fill('orders-api'));
  });
});

describe('it is not', () => {
  test.each<[string, RequestInit]>([
    ['a POST', { method: 'POST', body: 'tea' }],
    ['a PATCH', { method: 'PATCH', body: 'tea' }],
    ['a PUT whose body is a stream', { method: 'PUT', body: new Blob(['tea']).stream() }],
  ])('%s', async (_name, init) => {
    answersInTurn(tool.orders, '/v1/x', answer(503), answer(200));
    expect(await status(init)).toBe(503);
    expect(tool.orders.requests).toHaveLength(1);
  });

  test.each([400, 401, 403, 404, 409, 500, 501])('a status of %i', async (failure) => {
    answersInTurn(tool.orders, '/v1/x', answer(failure));
    expect(await status()).toBe(failure);
    // An API that refuses the token is asked once more, with a new one.
    expect(tool.orders.requests).toHaveLength(failure === 401 ? 2 : 1);
  });

  test('more than twice, after pauses that differ and grow', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(503));
    for (const random of [0, 1]) {
      jest.spyOn(Math, 'random').mockReturnValue(random);
      expect(await status()).toBe(503);
    }
    expect(tool.orders.requests).toHaveLength(6);
    expect(pauses).toEqual([50, 100, 150, 300]);
  });

  test('where Retry-After is later than the deadline', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(503, { 'retry-after': '60' }), answer(200));
    expect(await status()).toBe(503);
    expect(tool.orders.requests).toHaveLength(1);
  });
});

test('Retry-After is waited for, and more than that', async () => {
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
  answersInTurn(tool.orders, '/v1/x', answer(503, { 'retry-after': '1' }), answer(200));
  expect(await status()).toBe(200);
  expect(pauses).toEqual([1_100]);
});

test('json tells when to come back, where nobody waits so long', async () => {
  answersInTurn(tool.orders, '/v1/x', answer(429, { 'retry-after': '120' }));
  expect(await tool.thrown((client) => client.json('/x'))).toMatchObject({
    code: 'downstream_rate_limited',
    retryAfterMs: 120_000,
    advice: expect.stringContaining('in 120 seconds'),
  });
});

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SimulatedService, type Latency } from './simulated-service.js';

const after =
  (milliseconds: number): Latency =>
  () =>
    milliseconds;
const never: Latency = () => undefined;

let service: SimulatedService;

beforeEach(() => {
  jest.useFakeTimers();
  service = new SimulatedService();
});
afterEach(() => {
  jest.useRealTimers();
});

const user = (number: number, of = 20) => `user-${number % of}`;

describe('the first requests of a process', () => {
  test.each([
    ['20 ms', 20, 60],
    ['400 ms', 400, 1_200],
    ['nearly two seconds', 1_900, 5_700],
  ])('200 at once, each of which takes %s, are all answered', async (_name, milliseconds, atMost) => {
    for (let number = 0; number < 200; number += 1) service.send(user(number), 'one', after(milliseconds));
    await jest.advanceTimersByTimeAsync(atMost);
    expect(service.count()).toEqual({ answered: 200, timedOut: 0, refused: 0 });
    expect(service.events).toEqual([]);
  });

  test('after the first answer as many run as may', async () => {
    for (let number = 0; number < 200; number += 1) service.send(user(number), 'one', after(20));
    expect(service.takePeak()).toBe(20);
    await jest.advanceTimersByTimeAsync(20);
    expect(service.takePeak()).toBe(100);
  });

  test.each([
    ['of 20 users', (number: number) => user(number)],
    ['of two users', (number: number) => user(number, 2)],
    ['of one user', () => 'alice'],
  ])('cost 30 time-outs at most if the service hangs: %s', async (_name, choose) => {
    await service.sendSteadily(40, 12, (number) => ({ party: choose(number), latency: never }));
    await service.sendSteadily(40, 12, (number) => ({ party: choose(number), latency: after(20) }));
    const { answered, timedOut, refused } = service.count();
    expect(answered + timedOut + refused).toBe(24 * 40);
    expect(timedOut).toBeLessThanOrEqual(30);
    expect(answered).toBeGreaterThanOrEqual(10 * 40 - 1);
  });

  test('a burst of which none is answered costs 21 time-outs', async () => {
    for (let number = 0; number < 200; number += 1) service.send(user(number), 'one', never);
    await jest.advanceTimersByTimeAsync(2_001);
    // One of those who waited tries, and all others are refused.
    expect(service.inFlight).toBe(21);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(service.count()).toEqual({ answered: 0, timedOut: 21, refused: 179 });
  });

  test.each([
    ['few, to a service that takes eight seconds', 1, 8_000],
    ['many, to one that takes two', 40, 2_000],
  ])('%s, are all answered', async (_name, perSecond, milliseconds) => {
    await service.sendSteadily(perSecond, 60, (number) => ({ party: user(number, 19), latency: after(milliseconds) }));
    expect(service.count()).toMatchObject({ timedOut: 0, refused: 0 });
    expect(service.events).toEqual([]);
  });

  test('to a service that takes eight seconds are refused only until its first answer', async () => {
    await service.sendSteadily(10, 9, (number) => ({ party: user(number, 19), latency: after(8_000) }));
    expect(service.count().refused).toBeLessThanOrEqual(60);
    await service.sendSteadily(10, 60, (number) => ({ party: user(number, 19), latency: after(8_000) }));
    await jest.advanceTimersByTimeAsync(8_000);
    expect(service.count()).toEqual({ answered: 600, timedOut: 0, refused: 0 });
    expect(service.events).toEqual([true, false]);
  });
});

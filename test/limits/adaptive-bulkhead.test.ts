import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SimulatedService, vary, type Latency } from './simulated-service.js';

const after =
  (milliseconds: number): Latency =>
  () =>
    milliseconds;
const never: Latency = () => undefined;

const user = (number: number, of = 20) => `user-${number % of}`;

let service: SimulatedService;

beforeEach(() => {
  jest.useFakeTimers();
  service = new SimulatedService();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Steady traffic that is answered. */
async function warmUp(milliseconds = 20): Promise<void> {
  await service.sendSteadily(40, 10, (number) => ({ party: user(number), latency: after(milliseconds) }));
  expect(service.count()).toMatchObject({ timedOut: 0, refused: 0 });
}

/** A burst of as many as may ever run at once, all of which are answered. */
async function expectFullLimit(): Promise<void> {
  service.takePeak();
  for (let number = 0; number < 100; number += 1) service.send(user(number), 'one', after(20));
  await jest.advanceTimersByTimeAsync(0);
  expect(service.takePeak()).toBe(100);
  await jest.advanceTimersByTimeAsync(20);
  expect(service.count()).toEqual({ answered: 100, timedOut: 0, refused: 0 });
}

describe('a service that hangs for twelve seconds under steady traffic of 40 requests a second', () => {
  test.each([
    ['20 users of one tool', (number: number) => ({ party: user(number) })],
    ['20 users of ten tools', (number: number) => ({ party: user(number), kind: `tool-${number % 10}` })],
    ['two users', (number: number) => ({ party: user(number, 2) })],
    ['one user', () => ({ party: 'alice' })],
    ['one user of most of it', (number: number) => ({ party: number % 10 ? 'alice' : 'bob' })],
  ])('costs a tenth of the requests at most: %s', async (_name, of) => {
    await service.sendSteadily(40, 10, (number) => ({ ...of(number), latency: after(20) }));
    service.count();
    await service.sendSteadily(40, 12, (number) => ({ ...of(number), latency: never }));
    // Then it works again.
    await service.sendSteadily(40, 12, (number) => ({ ...of(number), latency: after(20) }));
    const { answered, timedOut, refused } = service.count();
    expect(answered + timedOut + refused).toBe(24 * 40);
    expect(timedOut).toBeLessThanOrEqual(48);
    // Trials go on: it is known again two seconds after at most.
    expect(answered).toBeGreaterThanOrEqual(10 * 40);
    await service.sendSteadily(40, 5, (number) => ({ ...of(number), latency: after(20) }));
    expect(service.count()).toEqual({ answered: 200, timedOut: 0, refused: 0 });
    if (_name === '20 users of one tool') await expectFullLimit();
  });
});

describe('a service that works is not throttled', () => {
  const short = (number: number) => vary(number, 20);

  test.each<[string, number, (number: number) => { readonly kind?: string; readonly latency: Latency }]>([
    ['takes twice as long now and then', 40, (number) => ({ latency: after(number % 10 ? 200 : 400) })],
    ['takes a second, more or less', 40, (number) => ({ latency: after(Math.min(vary(number, 1_000), 9_000)) })],
    ['has long requests beside short ones', 40, (number) => ({ latency: after(number % 10 ? short(number) : 6_000) })],
    ['has as many long ones', 20, (number) => ({ latency: after(number % 2 ? short(number) : 6_000) })],
    [
      'has a tool that takes long',
      20,
      (number) => ({ kind: number % 2 ? 'find' : 'report', latency: after(number % 2 ? short(number) : 8_000) }),
    ],
    [
      'has little to do, and that takes long now and then',
      1,
      (number) => ({ latency: after(number % 5 ? 20 : 8_000) }),
    ],
    ['is quick when it fails', 40, () => ({ latency: after(1) })],
  ])('that %s', async (_name, perSecond, choose) => {
    await service.sendSteadily(perSecond, 60, (number) => ({ party: user(number, 19), ...choose(number) }));
    expect(service.count()).toMatchObject({ timedOut: 0, refused: 0 });
    expect(service.events).toEqual([]);
  });

  test('that takes eight seconds, and has answered before', async () => {
    service.send('first', 'one', after(8_000));
    await jest.advanceTimersByTimeAsync(8_000);
    await service.sendSteadily(10, 60, (number) => ({ party: user(number, 19), latency: after(8_000) }));
    expect(service.count()).toMatchObject({ timedOut: 0, refused: 0 });
    expect(service.events).toEqual([]);
  });

  test.each([
    ['five times', 20, 100],
    ['a hundred times', 20, 2_000],
    ['three times, up to most of the time-out', 2_000, 6_000],
  ])('that becomes slower, for good: %s', async (_name, before, later) => {
    const perSecond = before < 1_000 ? 40 : 10;
    await service.sendSteadily(perSecond, 20, (number) => ({ party: user(number), latency: after(before) }));
    expect(service.count()).toMatchObject({ timedOut: 0, refused: 0 });
    // Until the first answer, it is as if it hung.
    await service.sendSteadily(perSecond, later / 1_000 + 1, (number) => ({
      party: user(number),
      latency: after(later),
    }));
    expect(service.count().refused).toBeLessThanOrEqual((perSecond * later) / 1_000);
    await service.sendSteadily(perSecond, 30, (number) => ({ party: user(number), latency: after(later) }));
    expect(service.count()).toMatchObject({ timedOut: 0, refused: 0 });
  });

  test('by a burst', async () => {
    await warmUp();
    for (let number = 0; number < 1_000; number += 1) service.send(user(number), 'one', after(400));
    await jest.advanceTimersByTimeAsync(4_000);
    expect(service.count()).toEqual({ answered: 1_000, timedOut: 0, refused: 0 });
  });
});

describe('what does not answer takes no place from the others:', () => {
  test.each<
    [string, (number: number) => boolean, (number: number) => { readonly party: string; readonly kind?: string }]
  >([
    [
      'one tool of two',
      (number) => number % 2 === 0,
      (number) => ({ party: user(number, 19), kind: number % 2 ? 'find' : 'report' }),
    ],
    [
      'one tool that is called most',
      (number) => number % 10 > 0,
      (number) => ({ party: user(number, 19), kind: number % 10 ? 'report' : 'find' }),
    ],
    ['one user of many', (number) => number % 20 === 0, (number) => ({ party: user(number) })],
    ['one user who asks most', (number) => number % 10 > 0, (number) => ({ party: number % 10 ? 'alice' : 'bob' })],
  ])('%s', async (_name, hangs, of) => {
    await service.sendSteadily(40, 10, (number) => ({ ...of(number), latency: after(20) }));
    service.count();
    const lost = { answered: 0, timedOut: 0 };
    await service.sendSteadily(40, 60, (number) => ({
      ...of(number),
      latency: () => (hangs(number) ? ((lost.timedOut += 1), undefined) : ((lost.answered += 1), 20)),
    }));
    await jest.advanceTimersByTimeAsync(20);
    const healthy = Array.from({ length: 60 * 40 }, (_, number) => number).filter((number) => !hangs(number)).length;
    expect(lost.answered).toBe(healthy);
    // A trial now and then.
    expect(lost.timedOut).toBeLessThanOrEqual(80);
  });
});

test('a burst of requests that hang is no silence while others are answered', async () => {
  await warmUp();
  for (let number = 0; number < 20; number += 1) service.send(user(number), 'report', never);
  await service.sendSteadily(40, 12, (number) => ({ party: user(number), latency: after(20) }));
  expect(service.events).toEqual([]);
  expect(service.count('one')).toEqual({ answered: 480, timedOut: 0, refused: 0 });
});

describe('a service that is slow for the load', () => {
  test('gets less of it, and is as much used', async () => {
    // It does one after the other.
    let busyUntil = 0;
    let begun = 0;
    const overloaded: Latency = () => {
      begun += 1;
      busyUntil = Math.max(busyUntil, performance.now()) + 20;
      return busyUntil - performance.now();
    };
    await service.sendSteadily(10, 10, (number) => ({ party: user(number), latency: overloaded }));
    await service.sendSteadily(100, 10, (number) => ({ party: user(number), latency: overloaded }));
    begun = 0;
    service.takePeak();
    await service.sendSteadily(100, 20, (number) => ({ party: user(number), latency: overloaded }));
    expect(service.takePeak()).toBeLessThanOrEqual(50);
    // All that it can do.
    expect(begun).toBeGreaterThanOrEqual(900);
  });
});

test('a bulkhead that does not adapt lets all wait', async () => {
  service = new SimulatedService({ isAdaptive: false });
  await warmUp();
  await service.sendSteadily(40, 12, (number) => ({ party: user(number), latency: never }));
  await jest.advanceTimersByTimeAsync(20_000);
  expect(service.count().timedOut).toBeGreaterThan(150);
});

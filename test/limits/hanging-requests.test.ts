import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SimulatedService, type Latency } from './simulated-service.js';

const quick: Latency = () => 20;
const never: Latency = () => undefined;

const user = (number: number) => `user-${number % 19}`;

let service: SimulatedService;

beforeEach(() => {
  jest.useFakeTimers();
  // Whoever waits for more than a second is refused, and counted.
  service = new SimulatedService({ maxWaitMs: 1_000 });
});
afterEach(() => {
  jest.useRealTimers();
});

async function warmUp(): Promise<void> {
  for (const kind of ['find', 'report'])
    await service.sendSteadily(40, 5, (number) => ({ party: user(number), kind, latency: quick }));
  expect(service.count()).toEqual({ answered: 400, timedOut: 0, refused: 0 });
}

describe('requests that hang keep no place that others wait for', () => {
  test('many of one tool, more than there are places', async () => {
    await warmUp();
    await service.sendSteadily(400, 12, (number) => {
      const isShort = number % 10 === 0;
      return { party: user(number), kind: isShort ? 'find' : 'report', latency: isShort ? quick : never };
    });
    await jest.advanceTimersByTimeAsync(20);
    expect(service.count('find')).toEqual({ answered: 480, timedOut: 0, refused: 0 });
    expect(service.events).toEqual([]);
  });

  test('all places at once, so that nothing is answered', async () => {
    await warmUp();
    for (let number = 0; number < 300; number += 1) service.send(user(number), 'report', never);
    await service.sendSteadily(40, 3, (number) => ({ party: user(number), kind: 'find', latency: quick }));
    await service.sendSteadily(40, 12, (number) => ({ party: user(number), kind: 'find', latency: quick }));
    await jest.advanceTimersByTimeAsync(20);
    const { answered, timedOut } = service.count('find');
    expect(timedOut).toBe(0);
    expect(answered).toBeGreaterThanOrEqual(480);
    expect(service.events).toEqual([true, false]);
  });

  test('a third of all that one tool sends', async () => {
    await warmUp();
    service.takePeak();
    const sent = { quick: 0, never: 0 };
    await service.sendSteadily(40, 60, (number) => ({
      party: user(number),
      kind: 'find',
      latency: () => (number % 3 ? ((sent.quick += 1), 20) : ((sent.never += 1), undefined)),
    }));
    await jest.advanceTimersByTimeAsync(10_000);
    expect(service.count()).toEqual({ answered: 1_600, timedOut: 800, refused: 0 });
    expect(sent).toEqual({ quick: 1_600, never: 800 });
    expect(service.events).toEqual([]);
  });

  test('there are never more of them than places', async () => {
    await warmUp();
    service.takePeak();
    await service.sendSteadily(400, 20, (number) => ({
      party: user(number),
      kind: 'find',
      latency: number % 3 ? quick : never,
    }));
    expect(service.takePeak()).toBe(200);
  });
});

test('a bulkhead that does not adapt never runs more than it has places', async () => {
  service = new SimulatedService({ isAdaptive: false });
  await service.sendSteadily(40, 20, (number) => ({ party: user(number), latency: never }));
  expect(service.takePeak()).toBe(100);
});

describe('a service that hangs is tried again every two seconds', () => {
  test.each([
    ['after a burst that took all places', true, 200],
    ['although nothing was answered before', false, 40],
  ])('%s', async (_name, isWarm, perSecond) => {
    if (isWarm) await warmUp();
    await service.sendSteadily(perSecond, 12, (number) => ({ party: user(number), kind: 'find', latency: never }));
    service.count();
    await service.sendSteadily(40, 5, (number) => ({ party: user(number), kind: 'find', latency: quick }));
    const { answered, timedOut } = service.count();
    expect(timedOut).toBe(0);
    expect(answered).toBeGreaterThanOrEqual(3 * 40 - 1);
  });

  test('and the others are refused at once', async () => {
    await warmUp();
    await service.sendSteadily(200, 1, (number) => ({ party: user(number), kind: 'find', latency: never }));
    const { refused: before } = service.count();
    await service.sendSteadily(200, 5, (number) => ({ party: user(number), kind: 'find', latency: never }));
    // Nobody waits for a turn.
    expect(service.count().refused).toBeGreaterThanOrEqual(995);
    expect(before).toBeGreaterThan(0);
  });
});

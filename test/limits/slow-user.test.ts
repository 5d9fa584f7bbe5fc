import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SimulatedService } from './simulated-service.js';

let service: SimulatedService;

beforeEach(() => {
  jest.useFakeTimers();
  service = new SimulatedService();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Forty requests a second of 20 users, two of them of one user, whose requests take so long. */
async function send(seconds: number, milliseconds: number): Promise<void> {
  await service.sendSteadily(40, seconds, (number) => ({
    party: `user-${number % 20}`,
    latency: () => (number % 20 ? 20 : milliseconds),
  }));
}

describe('a user whose requests take long, where those of others are short, is not refused', () => {
  test.each([
    ['from the first one', 0, 8_000],
    ['after short ones', 20, 8_000],
    ['that take a second', 0, 1_000],
    ['that take a second, after short ones', 20, 1_000],
  ])('%s', async (_name, secondsBefore, milliseconds) => {
    await send(secondsBefore, 20);
    await send(60, milliseconds);
    await jest.advanceTimersByTimeAsync(8_000);
    expect(service.count()).toEqual({ answered: (secondsBefore + 60) * 40, timedOut: 0, refused: 0 });
    expect(service.events).toEqual([]);
  });

  test('nor later, when more of them run at once than may be late', async () => {
    await send(10, 20);
    await send(20, 8_000);
    service.count();
    for (let number = 0; number < 40; number += 1) service.send('user-0', 'one', () => 8_000);
    await send(10, 8_000);
    await jest.advanceTimersByTimeAsync(8_000);
    expect(service.count()).toEqual({ answered: 440, timedOut: 0, refused: 0 });
  });
});

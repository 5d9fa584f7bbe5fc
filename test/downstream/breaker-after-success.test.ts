import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { BrokenCircuitError, handleAll } from 'cockatiel';
import { CallerCircuits } from '../../lib/on-behalf-of/downstream/caller-circuits.js';
import { aheadBy } from '../support/clocks.js';

const LIMITS = { threshold: 0.5, minimumRequests: 20, pauseMs: 5_000 };

afterEach(() => {
  jest.restoreAllMocks();
});

/** Sends requests of callers by turns, ten in a second, and returns how many of them were sent. */
async function send(circuits: CallerCircuits, callers: readonly string[], count: number, isUp: boolean) {
  let sent = 0;
  const clocks = aheadBy(0);
  for (let number = 0; number < count; number += 1) {
    const attempt = () => {
      sent += 1;
      return isUp ? Promise.resolve() : Promise.reject(new Error('down'));
    };
    await circuits
      .execute(callers[number % callers.length] ?? '', attempt, (outcome) => 'error' in outcome)
      .catch((error: unknown) => {
        if (!(error instanceof BrokenCircuitError) && (error as Error).message !== 'down') throw error;
      });
    if (number % 10 === 0) clocks.pass(100);
  }
  return sent;
}

describe('an API that fails all of a sudden, after steady traffic', () => {
  test.each([
    ['one caller', ['alice'], 20],
    ['two callers', ['alice', 'bob'], 20],
    ['ten callers', Array.from({ length: 10 }, (_, number) => `user-${number}`), 100],
  ])('is left alone after a few failures in a row: %s', async (_name, callers, most) => {
    const circuits = new CallerCircuits(handleAll, LIMITS, () => undefined);
    expect(await send(circuits, callers, 600, true)).toBe(600);
    expect(await send(circuits, callers, 300, false)).toBeLessThanOrEqual(most);
  });
});

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Renewable } from '../../lib/resource-server/issuers/renewable.js';

/** Each load has no outcome until the test gives it one. */
interface Load {
  succeed(value: string): void;
  fail(): void;
}

let loads: Load[];
let value: Renewable<string>;

beforeEach(() => {
  jest.useFakeTimers();
  loads = [];
  const load = () =>
    new Promise<string>((resolve, reject) => {
      loads.push({
        succeed: resolve,
        fail: () => {
          reject(new Error('failed'));
        },
      });
    });
  value = new Renewable(load, { fresh: 60_000, stale: 120_000 }, () => new Error('refused'));
});
afterEach(() => {
  jest.useRealTimers();
});

const ask = () => value.get().catch((error: unknown) => (error as Error).message);
const askForMany = async () => await Promise.all([ask(), ask(), ask()]);

describe('a load that has taken two seconds', () => {
  test('is joined by nobody: one tries, and the others are refused', async () => {
    const first = [ask(), ask()];
    jest.advanceTimersByTime(1_999);
    const joined = ask();
    expect(loads).toHaveLength(1);
    jest.advanceTimersByTime(1);
    const trial = ask();
    expect(await askForMany()).toEqual(['refused', 'refused', 'refused']);
    expect(loads).toHaveLength(2);
    loads[0]?.succeed('first');
    expect(await Promise.all([...first, joined])).toEqual(['first', 'first', 'first']);
    expect(await ask()).toBe('first');
    loads[1]?.succeed('second');
    expect(await trial).toBe('second');
    expect(await ask()).toBe('second');
  });

  test('so is the one that tries: another tries every two seconds', async () => {
    const asked = [ask()];
    for (let trials = 1; trials <= 3; trials += 1) {
      jest.advanceTimersByTime(2_000);
      asked.push(ask());
      expect(await askForMany()).toEqual(['refused', 'refused', 'refused']);
      expect(loads).toHaveLength(1 + trials);
    }
    loads[3]?.succeed('value');
    expect(await asked[3]).toBe('value');
    expect(await ask()).toBe('value');
    for (const load of loads.slice(0, 3)) load.fail();
    expect(await Promise.all(asked)).toEqual(['failed', 'failed', 'failed', 'value']);
    expect(await ask()).toBe('value');
  });

  test('and fails at last, is followed by a pause, which a quick first failure is not', async () => {
    const slow = ask();
    jest.advanceTimersByTime(2_000);
    loads[0]?.fail();
    expect(await slow).toBe('failed');
    expect(await askForMany()).toEqual(['refused', 'refused', 'refused']);
    expect(loads).toHaveLength(1);
    jest.advanceTimersByTime(250);
    const trial = ask();
    expect(await askForMany()).toEqual(['refused', 'refused', 'refused']);
    loads[1]?.succeed('value');
    expect(await trial).toBe('value');
  });
});

test('after two quick failures there is a pause, which grows up to two seconds', async () => {
  const fail = async () => {
    const asked = ask();
    loads.at(-1)?.fail();
    return await asked;
  };
  expect([await fail(), await fail(), await ask()]).toEqual(['failed', 'failed', 'refused']);
  for (const pause of [250, 500, 1_000, 2_000, 2_000]) {
    jest.advanceTimersByTime(pause - 1);
    expect(await ask()).toBe('refused');
    jest.advanceTimersByTime(1);
    expect(await fail()).toBe('failed');
  }
  expect(loads).toHaveLength(7);
});

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { BrokenCircuitError, handleWhen } from 'cockatiel';
import { CallerCircuits } from '../../lib/on-behalf-of/downstream/caller-circuits.js';
import { aheadBy } from '../support/clocks.js';

const LIMITS = { threshold: 0.5, minimumRequests: 4, pauseMs: 5_000 };

class Failure extends Error {}

const isFailure = (error: unknown) => error instanceof Failure;

afterEach(() => {
  jest.restoreAllMocks();
});

/** Circuits that are open for all callers, and whose pause is over. */
async function open() {
  const events: string[] = [];
  const circuits = new CallerCircuits(handleWhen(isFailure), LIMITS, (state, who) => events.push(`${state} ${who}`));
  const send = async (caller: string, attempt: () => Promise<string>) =>
    await circuits
      .execute(caller, attempt, (outcome) => 'error' in outcome && isFailure(outcome.error))
      .catch((error: unknown) => (error instanceof BrokenCircuitError ? 'refused' : (error as Error).message));
  const clocks = aheadBy(0);
  for (const caller of ['alice', 'bob', 'alice', 'bob', 'alice', 'bob'])
    await send(caller, () => Promise.reject(new Failure('down')));
  expect(await send('carol', () => Promise.resolve('sent'))).toBe('refused');
  clocks.pass(5_001);
  return { send, events, clocks };
}

describe('while one request tries whether an API answers again', () => {
  test('others are refused at once, and do not wait for its outcome', async () => {
    const { send } = await open();
    let end: (value: string) => void = () => undefined;
    const trial = send('carol', () => new Promise((resolve) => (end = resolve)));
    for (const caller of ['dave', 'erin', 'carol'])
      expect(await send(caller, () => Promise.resolve('sent'))).toBe('refused');
    end('answered');
    expect(await trial).toBe('answered');
    expect(await send('dave', () => Promise.resolve('sent'))).toBe('sent');
  });

  test.each([
    ['is cancelled', new Error('cancelled')],
    ['is refused before it is sent', new Error('no room')],
  ])('and it %s, nobody knows: the next one tries', async (_name, error) => {
    const { send, events } = await open();
    const before = [...events];
    expect(await send('carol', () => Promise.reject(error))).toBe(error.message);
    expect(events).toEqual(before);
    let end: (value: string) => void = () => undefined;
    const trial = send('dave', () => new Promise((resolve) => (end = resolve)));
    expect(await send('erin', () => Promise.resolve('sent'))).toBe('refused');
    end('answered');
    expect(await trial).toBe('answered');
    expect(events).toEqual([...before, 'closed all']);
  });
});

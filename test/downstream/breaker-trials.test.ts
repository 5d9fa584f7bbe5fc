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

/** A request that has no answer until the test gives one. */
function hold() {
  let settle: { answer: (text: string) => void; fail: (error: Error) => void } | undefined;
  const attempt = () =>
    new Promise<string>((resolve, reject) => {
      settle = { answer: resolve, fail: reject };
    });
  return {
    attempt,
    answer: () => settle?.answer('answered'),
    fail: () => settle?.fail(new Failure('down')),
  };
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

describe('while the request that tries hangs', () => {
  const sent = () => Promise.resolve('sent');

  test('another one tries each time that the pause is over, and the first answer ends it', async () => {
    const { send, events, clocks } = await open();
    const [first, second] = [hold(), hold()];
    const one = send('carol', first.attempt);
    clocks.pass(4_000);
    expect(await send('dave', sent)).toBe('refused');
    clocks.pass(1_001);
    const another = send('dave', second.attempt);
    expect(await send('erin', sent)).toBe('refused');
    clocks.pass(5_001);
    expect(await send('erin', sent)).toBe('sent');
    expect(events.filter((event) => event.endsWith('all'))).toEqual(['open all', 'closed all']);
    // What hung before says nothing any more.
    first.fail();
    second.answer();
    expect(await Promise.all([one, another])).toEqual(['down', 'answered']);
    expect(await send('frank', sent)).toBe('sent');
    expect(events.filter((event) => event.endsWith('all'))).toEqual(['open all', 'closed all']);
  });

  test('and is answered after all, everyone is served', async () => {
    const { send, clocks } = await open();
    const [first, second] = [hold(), hold()];
    const one = send('carol', first.attempt);
    clocks.pass(5_001);
    const another = send('dave', second.attempt);
    first.answer();
    expect(await one).toBe('answered');
    expect(await send('erin', sent)).toBe('sent');
    second.fail();
    expect(await another).toBe('down');
    expect(await send('frank', sent)).toBe('sent');
  });

  test('and fails at last, the next one does not wait for longer', async () => {
    const { send, clocks } = await open();
    const first = hold();
    const one = send('carol', first.attempt);
    clocks.pass(5_000);
    first.fail();
    expect(await one).toBe('down');
    clocks.pass(1);
    expect(await send('dave', sent)).toBe('sent');
  });
});

import { describe, expect, test } from '@jest/globals';
import { BulkheadFullError, FairBulkhead } from '../../lib/limits/fair-bulkhead.js';

/** A bulkhead whose work ends when the test says so. */
function createBulkhead(maxConcurrent: number, maxQueued: number) {
  const bulkhead = new FairBulkhead({ maxConcurrent, maxQueued });
  const begun: string[] = [];
  const refused: string[] = [];
  const ends: (() => void)[] = [];
  const send = (name: string) => {
    const [party = ''] = name;
    const work = () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    };
    return bulkhead.execute(party, work).catch((error: unknown) => {
      if (!(error instanceof BulkheadFullError)) throw error;
      refused.push(name);
    });
  };
  const endNext = async () => {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { bulkhead, begun, refused, send, endNext };
}

describe('a fair bulkhead', () => {
  test('lets those who wait take turns', async () => {
    const { begun, send, endNext } = createBulkhead(1, 10);
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) void send(name);
    for (let count = 0; count < 7; count += 1) await endNext();
    expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  test('makes room for who has less, at the cost of who has most', async () => {
    const { begun, refused, send, endNext } = createBulkhead(1, 3);
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1']) void send(name);
    for (let count = 0; count < 5; count += 1) await endNext();
    // a5 has no room. b1 takes that of a4. b2 would have as much waiting as a then. c1 takes the room of a3.
    expect([...refused].sort()).toEqual(['a3', 'a4', 'a5', 'b2']);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'c1']);
  });

  test('refuses at once where nothing may wait', async () => {
    const { begun, refused, send, endNext } = createBulkhead(1, 0);
    void send('a1');
    await send('b1');
    expect([begun, refused]).toEqual([['a1'], ['b1']]);
    await endNext();
    void send('b2');
    expect(begun).toEqual(['a1', 'b2']);
  });

  test('frees the place of work that fails', async () => {
    const { bulkhead } = createBulkhead(1, 1);
    const fail = () => bulkhead.execute('a', () => Promise.reject(new Error('no')));
    for (let count = 0; count < 3; count += 1) await expect(fail()).rejects.toThrow('no');
    expect(await bulkhead.execute('a', () => Promise.resolve('done'))).toBe('done');
  });
});

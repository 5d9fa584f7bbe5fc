import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Rounds } from '../../lib/mcp/notifications/rounds.js';

const MANY = Array.from({ length: 1_000 }, (_one, index) => index);

test('few are visited at once, and others have their turn before the rest', async () => {
  const visited: number[] = [];
  new Rounds<number>().begin(MANY.slice(0, 10), (one) => visited.push(one));
  expect(visited).toHaveLength(10);
  new Rounds<number>().begin(MANY, (one) => visited.push(one));
  const counts: number[] = [];
  for (let turns = 0; turns < 20; turns += 1) {
    counts.push(visited.length - 10);
    await nextTurn();
  }
  expect(Math.max(...counts.map((count, index) => count - (counts[index - 1] ?? 0)))).toBeLessThan(MANY.length / 4);
  expect(visited.slice(10)).toEqual(MANY);
});

test('a round begins when the one before is over, for those who were there when it was asked for', async () => {
  const rounds = new Rounds<number>();
  const open = new Set(MANY);
  const visited: string[] = [];
  rounds.begin(open, (one) => visited.push(`first ${one}`));
  rounds.begin(open, (one) => visited.push(`second ${one}`));
  open.add(MANY.length);
  for (let turns = 0; turns < 40; turns += 1) await nextTurn();
  expect(visited).toEqual([...MANY.map((one) => `first ${one}`), ...MANY.map((one) => `second ${one}`)]);
});

test('who fails keeps nobody else from a turn', async () => {
  const visited: number[] = [];
  new Rounds<number>().begin(MANY, (one) => {
    if (one % 2 === 0) throw new Error('no');
    visited.push(one);
  });
  for (let turns = 0; turns < 20; turns += 1) await nextTurn();
  expect(visited).toHaveLength(MANY.length / 2);
});

import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deriveKey, type KeyMember } from '../../lib/replicas/composite-key.js';
import { text } from './members.js';

const { member } = fc.letrec<{ member: KeyMember; list: readonly KeyMember[] }>((tie) => ({
  list: fc.array(tie('member'), { maxLength: 3 }),
  member: fc.oneof({ maxDepth: 3 }, text, fc.constant(undefined), tie('list')),
}));
const members = fc.array(member, { maxLength: 4 });

test('members that differ have different keys, and equal members have equal ones', () => {
  fc.assert(
    fc.property(members, members, (one, other) => {
      const isSame = deriveKey('token', ...one) === deriveKey('token', ...other);
      expect(isSame).toBe(isDeepStrictEqual(one, other));
    }),
    { numRuns: 2_000 },
  );
});

test.each<[string, readonly KeyMember[], readonly KeyMember[]]>([
  ['a separator in a member', ['a|b', 'c'], ['a', 'b|c']],
  ['a quotation mark in a member', ['a","b'], ['a', 'b']],
  ['a backslash in a member', ['a\\', 'b'], ['a', '\\b']],
  ['lists that run together', [['a'], ['b', 'c']], [['a', 'b'], ['c']]],
  ['a list and its only member', [['a']], ['a']],
  ['a missing member and an empty one', [undefined], ['']],
  ['a missing member and its name in JSON', [undefined], ['null']],
  ['a missing member and an empty list', [undefined], [[]]],
  ['a missing member and none', ['a', undefined], ['a']],
  ['halves of a pair of surrogates', ['\ud800'], ['\udc00']],
  ['a half of a pair and what it is replaced with', ['\ud800'], ['\ufffd']],
  ['composed characters and others', ['\u00e9'], ['e\u0301']],
])('%s is told apart', (_what, one, other) => {
  expect(deriveKey('token', ...one)).not.toBe(deriveKey('token', ...other));
});

test('keys of different purposes never meet, and show nothing of their members', () => {
  expect(deriveKey('token', 'alice')).not.toBe(deriveKey('account', 'alice'));
  expect(deriveKey('token', 'account', 'alice')).not.toBe(deriveKey('account', 'alice'));
  expect(deriveKey('token', 'alice')).toMatch(/^[\w-]{43}$/);
});

import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import fc, { type Arbitrary } from 'fast-check';

/** Values of each member. */
export type Members = Readonly<Record<string, Arbitrary<unknown>>>;

/** Characters that separate members where keys are put together carelessly. */
const SEPARATORS = ['|', ':', ' ', ',', '"', '\\', '[', ']', '{', '}', '-', '.', '\u0000', '\n', 'null', '1', '2', 'a'];

/** Text that looks like several members. */
export const text = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...SEPARATORS) }, fc.string({ maxLength: 3 })), {
    maxLength: 4,
  })
  .map((parts) => parts.join(''));

export const optionalText = fc.option(text, { nil: undefined });

/** Scopes and their like, in order. */
export const texts = fc.uniqueArray(text, { maxLength: 3 }).map((list) => list.sort());

const RUNS = 60;

/**
 * Two inputs that differ in one member never share, and equal inputs always do. A part of one text member that goes to
 * another one makes a difference, too.
 *
 * @param share - whether what is kept for the first input is found for the second
 */
export function testMembers<Input>(
  members: Members,
  make: (values: Readonly<Record<string, unknown>>) => Input,
  share: (one: Input, other: Input) => boolean | Promise<boolean>,
): void {
  const whole = fc.record(members);

  test('equal inputs share', async () => {
    await fc.assert(
      fc.asyncProperty(whole, async (values) => {
        expect(await share(make(values), make({ ...values }))).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  test.each(Object.keys(members))('inputs that differ in %s do not share', async (member) => {
    const other = members[member] as Arbitrary<unknown>;
    await fc.assert(
      fc.asyncProperty(whole, other, async (values, value) => {
        fc.pre(!isEqual(values[member], value));
        expect(await share(make(values), make({ ...values, [member]: value }))).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  const names = Object.keys(members).filter((name) => members[name] === text);
  const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));
  if (pairs.length === 0) return;

  test('a part of one member that goes to another one makes a difference', async () => {
    const part = text.filter((one) => one !== '');
    await fc.assert(
      fc.asyncProperty(whole, fc.constantFrom(...pairs), part, async (values, [from, to], moved) => {
        const [own, others] = [String(values[from]), String(values[to])];
        const one = make({ ...values, [from]: own + moved, [to]: others });
        for (const other of [moved + others, others + moved])
          expect(await share(one, make({ ...values, [from]: own, [to]: other }))).toBe(false);
      }),
      { numRuns: 4 * RUNS },
    );
  });
}

/** As JSON, whatever the order of members. */
function isEqual(one: unknown, other: unknown): boolean {
  const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
  return isDeepStrictEqual(plain(one), plain(other));
}

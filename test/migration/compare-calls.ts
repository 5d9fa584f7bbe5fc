import { expect, test } from '@jest/globals';
import type { Answer, Call } from '../../sample/migration/answer.js';
import type { Era } from './migration-states.js';

/** What each state of a server answers. A function has it for clients of a revision. */
export type Answers<State extends string> = Readonly<Record<State, Answer>>;

/**
 * Tests that each call is answered by all states alike, or as it is written.
 *
 * @param calls - by what they show
 * @param changed - the answers to calls that are not answered alike
 */
export function compareCalls<What extends string, State extends string>(
  calls: Readonly<Record<What, Call>>,
  changed: Readonly<Partial<Record<NoInfer<What>, Answers<State>>>>,
  states: readonly State[],
  eras: readonly Era[],
  ask: (state: State, call: Call, era: Era) => Promise<Answer>,
): void {
  const rows = Object.entries<Call>(calls).map(([what, call]) => ({ what, call, answers: changed[what as What] }));

  test.each(rows.filter(({ answers }) => !answers))('$what: all answer alike', async ({ call }) => {
    for (const era of eras) {
      const [first, ...others] = await Promise.all(states.map((state) => ask(state, call, era)));
      expect(first).not.toMatchObject({ message: expect.anything() });
      for (const other of others) expect(other).toEqual(first);
    }
  });

  test.each(rows.filter(({ answers }) => answers))('$what: as the page says', async ({ call, answers }) => {
    for (const era of eras)
      for (const state of states) {
        const expected = answers?.[state];
        expect(await ask(state, call, era)).toEqual(
          typeof expected === 'function' ? (expected as (era: Era) => Answer)(era) : expected,
        );
      }
  });
}

import Sequencer from '@jest/test-sequencer';

/** Files that take long wherever they run. */
const LONGEST = ['/package/package.test.ts', '/attacks/random-tokens.test.ts', '/exchange/isolation.test.ts'];

/** Begins with the files that take longest, so that no process is left with one of them at the end. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => LONGEST.some((end) => path.endsWith(end));
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}

import { jest } from '@jest/globals';

/** The time at which all clocks begin, in milliseconds since the epoch. */
export const START = Date.now();

/** Time that goes by for all replicas alike, while the clock that each has on the wall may be wrong. */
export class ReplicaClocks {
  /** Seconds that went by. */
  passed = 0;

  /** Begins until mocks are restored. */
  constructor() {
    const from = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => from + this.passed * 1000);
  }

  /** Runs something by a clock that is off by so many milliseconds. Nothing else runs meanwhile. */
  run<Result>(skew: number, run: () => Result): Result {
    jest.spyOn(Date, 'now').mockImplementation(() => START + this.passed * 1000 + skew);
    return run();
  }
}

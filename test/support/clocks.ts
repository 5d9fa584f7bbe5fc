import { jest } from '@jest/globals';

const wall = Date.now.bind(Date);
const monotonic = performance.now.bind(performance);

/** Both clocks go on, but from a later time; until mocks are restored. */
export function aheadBy(milliseconds: number): { pass(more: number): void } {
  let ahead = milliseconds;
  jest.spyOn(Date, 'now').mockImplementation(() => wall() + ahead);
  jest.spyOn(performance, 'now').mockImplementation(() => monotonic() + ahead);
  return {
    pass: (more) => {
      ahead += more;
    },
  };
}

/** The clock on the wall is set back, while the monotonic one goes on, but from a later time; until mocks are restored. */
export function setBackBy(milliseconds: number, later: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => wall() - milliseconds);
  jest.spyOn(performance, 'now').mockImplementation(() => monotonic() + later);
}

/** Both clocks stand still; until mocks are restored. */
export function stopClocks(): { readonly start: number; moveTo(time: number): void } {
  const start = wall();
  const date = jest.spyOn(Date, 'now').mockReturnValue(start);
  jest.spyOn(performance, 'now').mockReturnValue(monotonic());
  return {
    start,
    moveTo: (time) => {
      date.mockReturnValue(time);
    },
  };
}

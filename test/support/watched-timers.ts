import { jest } from '@jest/globals';

/**
 * The timers that the library and the SDK's server set, until mocks are restored. Those of jest, of `fetch` and of HTTP
 * servers do not count.
 */
export interface WatchedTimers {
  /** Milliseconds that they were set to, one after the other. */
  readonly delays: number[];
  /** How many are still to fire. */
  readonly pending: number;
}

/** Where timers are faked, call it after `jest.useFakeTimers`, and restore mocks before `jest.useRealTimers`. */
export function watchTimers(): WatchedTimers {
  const delays: number[] = [];
  const pending = new Set<unknown>();
  const { setTimeout, setInterval } = globalThis;
  const note = <Timer>(timer: Timer, delay = 0): Timer => {
    delays.push(delay);
    pending.add(timer);
    return timer;
  };
  jest
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation((run: (...given: []) => void, delay?: number, ...rest: []) => {
      if (!isOurs()) return setTimeout(run, delay, ...rest);
      const timer = setTimeout(() => {
        pending.delete(timer);
        run(...rest);
      }, delay);
      return note(timer, delay);
    });
  jest.spyOn(globalThis, 'setInterval').mockImplementation((run: () => void, delay?: number, ...rest: []) => {
    const timer = setInterval(run, delay, ...rest);
    return isOurs() ? note(timer, delay) : timer;
  });
  for (const name of ['clearTimeout', 'clearInterval'] as const) {
    const clear = globalThis[name];
    jest.spyOn(globalThis, name).mockImplementation((timer) => {
      pending.delete(timer);
      clear(timer);
    });
  }
  return {
    delays,
    get pending() {
      return pending.size;
    },
  };
}

/** Whether the library or the SDK's server has called. */
function isOurs(): boolean {
  const [, ...frames] = (new Error().stack ?? '').split('\n');
  const [caller = ''] = frames.filter((frame) => !/\/jest-mock\/|\/watched-timers\./.test(frame));
  return /\/@modelcontextprotocol\/server\/|^(?!.*\/node_modules\/).*\/lib\//.test(caller);
}

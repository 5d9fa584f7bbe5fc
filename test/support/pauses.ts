import { jest } from '@jest/globals';
import { DelegateBackoff, type IBackoff, type IRetryBackoffContext } from 'cockatiel';
import { Cancellation } from '../../lib/on-behalf-of/downstream/cancellation.js';
import { aheadBy } from './clocks.js';

type Context = IRetryBackoffContext<unknown>;

const { next } = DelegateBackoff.prototype;

/**
 * Nobody waits before a token endpoint is asked again, until mocks are restored. All other timers are as they were.
 *
 * @returns milliseconds that were to be waited, one after the other
 */
export function skipPausesOfTokenEndpoints(): number[] {
  const pauses: number[] = [];
  const skip = (pause: IBackoff<Context>): IBackoff<Context> => {
    pauses.push(pause.duration);
    return { duration: 0, next: (context) => skip(pause.next(context)) };
  };
  jest.spyOn(DelegateBackoff.prototype, 'next').mockImplementation(function (this: DelegateBackoff<Context>, context) {
    return skip(next.call(this, context));
  });
  return pauses;
}

/**
 * Nobody waits before an API is asked again, until mocks are restored: the clocks go on by as much at once.
 *
 * @returns milliseconds that were to be waited, one after the other
 */
export function skipPausesOfApis(): number[] {
  const pauses: number[] = [];
  const clocks = aheadBy(0);
  jest.spyOn(Cancellation.prototype, 'sleep').mockImplementation((milliseconds) => {
    pauses.push(milliseconds);
    clocks.pass(milliseconds);
    return Promise.resolve();
  });
  return pauses;
}

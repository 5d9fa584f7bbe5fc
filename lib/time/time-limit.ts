/** Maximum delay of `setTimeout` in milliseconds. A longer one fires at once. */
export const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * Waits for work, up to a time limit.
 *
 * @param work - the running work; its result is ignored after the limit
 * @param milliseconds - the limit
 * @param late - called at the limit; stops what it can, and returns the error to throw
 * @throws the error of `late`, or that of the work
 */
export async function waitFor<Result>(work: Promise<Result>, milliseconds: number, late: () => Error): Promise<Result> {
  // Promise.race takes several promises more, which each call of an API would pay for.
  return await new Promise<Result>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(late());
    }, milliseconds);
    const settle = <Value>(end: (value: Value) => void) => {
      return (value: Value) => {
        clearTimeout(timer);
        end(value);
      };
    };
    work.then(settle(resolve), settle(reject));
  });
}

/** Milliseconds: `setTimeout` takes no more, and fires at once. */
export const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * Waits for some work, and no longer than it may take.
 *
 * @param work - that runs; what comes of it too late is heard by nobody
 * @param milliseconds - that it may take
 * @param late - makes the error for when they are over, and stops what can be stopped
 * @throws what `late` makes, and what the work is rejected with
 */
export async function waitFor<Result>(work: Promise<Result>, milliseconds: number, late: () => Error): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, milliseconds);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

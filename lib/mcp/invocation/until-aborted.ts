/**
 * Waits for a promise until a signal aborts.
 *
 * @param signal - `undefined` if nothing can abort it
 * @throws the reason of the signal, or the rejection of the promise
 */
export async function raceAbort<Value>(value: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return await value;
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([aborted, value]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

import { LONGEST_TIMEOUT } from '../../time/time-limit.js';

/**
 * Runs an action at a time.
 *
 * @param time - milliseconds since the epoch
 * @returns a function that stops the timer
 */
export function runAt(time: number, action: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    const left = time - Date.now();
    if (left > 0) timer = setTimeout(wait, Math.min(left, LONGEST_TIMEOUT)).unref();
    else action();
  };
  wait();
  return () => {
    clearTimeout(timer);
  };
}

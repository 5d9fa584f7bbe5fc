import { LONGEST_TIMEOUT } from '../../time/time-limit.js';
import { relay, type EndBody } from './relayed-response.js';

/**
 * Ends the body of a response when a token expires.
 *
 * @param expiresAt - milliseconds since the epoch
 */
export function endAt(response: Response, expiresAt: number): Response {
  let timer: NodeJS.Timeout | undefined;
  const wait = (end: EndBody) => {
    const left = expiresAt - Date.now();
    if (left > 0) timer = setTimeout(wait, Math.min(left, LONGEST_TIMEOUT), end).unref();
    else end();
  };
  return relay(response, {
    onStart: wait,
    onOver: () => {
      clearTimeout(timer);
    },
  });
}

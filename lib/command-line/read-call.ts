import { SAFE_METHODS, type AskedCall } from '../doctor/api-call.js';
import { UsageError } from './command-output.js';

/** The downstream, a method, and the path. */
const CALL = /^([^:\s]+):(?:([A-Za-z]+) +)?(\S*)$/;

/**
 * Reads what an API is called for: `orders:/orders/1`, or `orders:HEAD /orders`.
 *
 * @throws {@link UsageError} if it is something else, or a method that may change something
 */
export function readCall(text: string): AskedCall {
  const [, downstream, named = 'GET', path = ''] = CALL.exec(text) ?? [];
  if (downstream === undefined) throw new UsageError('--call takes a downstream and a path, such as orders:/orders/1');
  const method = SAFE_METHODS.find((one) => one === named.toUpperCase());
  if (method === undefined)
    throw new UsageError(`--call sends ${SAFE_METHODS.join(' and ')} alone, because they change nothing`);
  return { downstream, method, path };
}

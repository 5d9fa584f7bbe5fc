import { relay } from './relayed-response.js';

/**
 * Waits for the beginning of a stream, before which the answer can still be another one: for the result, or for what keeps
 * the connection open until then.
 *
 * @returns the response, with all of its stream
 */
export async function holdUntilBegun(response: Response): Promise<Response> {
  const reader = response.body?.getReader();
  return reader ? relay(response, { reader, first: await reader.read() }) : response;
}

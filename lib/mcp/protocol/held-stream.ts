import { relay } from './relayed-response.js';

/**
 * Waits for the first piece of a stream: the result, or a keep-alive. Until then the answer can still be replaced.
 *
 * @returns the response with its complete stream
 */
export async function holdUntilBegun(response: Response): Promise<Response> {
  const reader = response.body?.getReader();
  return reader ? relay(response, { reader, first: await reader.read() }) : response;
}

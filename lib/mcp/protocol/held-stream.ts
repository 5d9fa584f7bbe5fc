import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { relay } from './relayed-response.js';

/** Whether a call may turn out to need more of its caller, so that its answer becomes a challenge. */
export function canBecomeChallenge(offer: Offer | undefined): boolean {
  return offer !== undefined && (offer.downstreams.length > 0 || typeof offer.access.scopes === 'function');
}

/**
 * Waits for the first piece of a stream: the result, or a keep-alive. Until then the answer can still be replaced.
 *
 * @param response - with a stream of events
 * @returns the response with its complete stream
 */
export async function holdUntilBegun(response: Response): Promise<Response> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  return relay(response, { reader, first: await reader.read() });
}

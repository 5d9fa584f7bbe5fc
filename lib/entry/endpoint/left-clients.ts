import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';

/** Whether the client has closed its connection or stream, so that nobody gets what is answered now. */
export function hasLeft(node: IncomingMessage, response?: ServerResponse): boolean {
  const { stream } = node as IncomingMessage & Partial<Pick<Http2ServerRequest, 'stream'>>;
  if (stream) return stream.closed || stream.aborted;
  // Of a message that came as a whole, the response alone tells.
  return (node.destroyed && !node.readableEnded) || response?.destroyed === true;
}

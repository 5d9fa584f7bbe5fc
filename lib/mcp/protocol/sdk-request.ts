import type { IncomingMessage } from 'node:http';
import type { NodeIncomingMessageLike } from '@modelcontextprotocol/node';

/**
 * A request as the SDK takes it. The SDK makes a URL of host and target, and cannot do so with some of those that HTTP
 * allows. Both were looked at before.
 *
 * @param auth - what the handler gets as `authInfo`
 */
export function toSdkRequest(
  incoming: IncomingMessage,
  auth: NonNullable<NodeIncomingMessageLike['auth']>,
): NodeIncomingMessageLike {
  const { method = 'POST', headers } = incoming;
  return {
    method,
    url: '/',
    headers: { ...headers, host: 'localhost' },
    auth,
    [Symbol.asyncIterator]: () => incoming[Symbol.asyncIterator](),
  };
}

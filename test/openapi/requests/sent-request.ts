import type { OperationRequest } from '../../../lib/openapi/requests/operation-request.js';
import type { ReceivedRequest } from './judged-request.js';

/** A built request, as an API receives it. */
export async function toReceived({ method, target, headers, body }: OperationRequest): Promise<ReceivedRequest> {
  const written = new Response(body);
  const type = headers['content-type'] ?? (body instanceof FormData ? written.headers.get('content-type') : undefined);
  return {
    method,
    target,
    headers: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      ...(typeof type === 'string' && { 'content-type': type }),
    },
    body: new Uint8Array(await written.arrayBuffer()),
  };
}

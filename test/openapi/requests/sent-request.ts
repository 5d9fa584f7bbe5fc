import type { OperationRequest } from '../../../lib/openapi/requests/operation-request.js';
import type { ReceivedRequest } from './judged-request.js';

/** A built request, as an API receives it. */
export function toReceived({ method, target, headers, cookies, body }: OperationRequest): ReceivedRequest {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    method,
    target,
    headers: { ...Object.fromEntries(named), ...(cookies !== undefined && { cookie: cookies }) },
    body: new Uint8Array(Buffer.from(body ?? '')),
  };
}

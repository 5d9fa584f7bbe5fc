import type { Offer } from '../../resource-server/catalogue/primitive.js';
import type { McpRequest } from '../endpoint/mcp-request.js';
import { toNodeRequest, type PlatformResponse } from '../endpoint/node-request.js';
import { keepHeaders } from '../endpoint/preflight.js';

/** Headers that the other server must not receive. */
const SECRETS: ReadonlySet<string> = new Set(['authorization', 'dpop']);

/** Passes the caller to the other server, in the form that the SDK's servers expect. The token is not passed on. */
export function handOver(request: McpRequest<Offer>, response: PlatformResponse): void {
  const { caller } = request;
  const auth = {
    token: '',
    clientId: caller?.clientId ?? '',
    scopes: [...(caller?.scopes ?? [])],
    ...(caller && { expiresAt: caller.expiresAtMs / 1000, extra: { caller } }),
  };
  const node = toNodeRequest(request);
  Object.assign(node, { auth, user: caller });
  Object.assign(request, { auth, user: caller });
  for (const name of SECRETS) Reflect.deleteProperty(node.headers, name);
  node.rawHeaders = node.rawHeaders.filter((_value, index, all) => !SECRETS.has(readName(all, index)));
  keepHeaders(response);
}

/** Returns the header name of an entry of `rawHeaders`, where names and values alternate. */
function readName(rawHeaders: readonly string[], index: number): string {
  return rawHeaders[index - (index % 2)]?.toLowerCase() ?? '';
}

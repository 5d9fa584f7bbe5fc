import { compareValues, tellValue, type Refusal } from '../../errors/refusal.js';
import { MAX_DEPTH } from '../../json/json-depth.js';
import type { ResolvedEndpoint } from './endpoint-options.js';
import type { McpRequest } from './mcp-request.js';

/** Why a message with too many levels is refused. */
export const TOO_DEEP: Refusal = {
  detail: `its message has more than ${MAX_DEPTH} levels of JSON`,
  fix: 'No option accepts that. Have the client send flatter arguments.',
};

/** Why a message is refused for its size, in bytes. One that came in pieces is not read to its end. */
export function describeSize(size: number, limit: number): Refusal {
  const came = size > limit && Number.isFinite(size) ? `${size} bytes` : 'more';
  return {
    detail: `its message has ${came}, and wanted are ${limit} bytes at most`,
    fix: 'Raise `endpoint.maxBodySize`, and the limit of the body parser with it, if messages of that size are expected.',
  };
}

/** Why a request is refused whose `Host` is malformed, or is there more than once. */
export function describeMalformedHost(hosts: readonly string[]): Refusal {
  return {
    detail: `its Host is ${hosts.map(tellValue).join(' and ')}, and wanted is one line with a name or an address, and perhaps a port`,
    fix: 'No option accepts that (RFC 9112 section 3.2). Have the client, or the proxy before this server, send one Host.',
  };
}

/** Why a request is refused for the host that it is for, or for the origin that it is from. */
export function describeSource(
  reason: 'host' | 'origin',
  hosts: readonly string[],
  request: McpRequest,
  { host, origin, allowedHosts, allowedOrigins }: ResolvedEndpoint,
): Refusal {
  if (reason === 'host')
    return {
      detail: compareValues('its Host', hosts, [host, ...(allowedHosts === 'any' ? [] : allowedHosts)]),
      fix: 'If it is a name of this server, or one that a proxy gives it, add it to `endpoint.allowedHosts`, with the port if it has one.',
    };
  return {
    detail: compareValues('its Origin', request.headers.origin, [
      origin,
      ...(allowedOrigins === 'any' ? [] : allowedOrigins),
    ]),
    fix: 'If pages of that origin may use this server, add it to `endpoint.allowedOrigins`.',
  };
}

import { isIP } from 'node:net';
import { isLoopback } from '../../options/option-rules.js';
import { normalizeHost } from './host-name.js';
import type { ResolvedEndpoint } from './endpoint-options.js';

/** A page can make its own name resolve to any address (DNS rebinding), but `Host` then contains that name. */
export function findHostProblem(hosts: readonly string[], endpoint: ResolvedEndpoint): 'host' | undefined {
  const { allowedHosts } = endpoint;
  if (allowedHosts === 'any') return undefined;
  if (new Set(hosts.map((host) => host.toLowerCase())).size > 1) return 'host';
  return hosts.map(normalizeHost).every((name) => name === endpoint.host || allowedHosts.has(name) || isAddress(name))
    ? undefined
    : 'host';
}

/** MCP specification, Streamable HTTP, Security Warning: an `Origin` that is present has to be valid. */
export function findOriginProblem(origin: string | undefined, endpoint: ResolvedEndpoint): 'origin' | undefined {
  const { allowedOrigins } = endpoint;
  if (allowedOrigins === 'any' || origin === undefined) return undefined;
  if (origin === endpoint.origin || allowedOrigins.has(origin)) return undefined;
  return endpoint.loopback && isOrigin(origin) && isLoopback(new URL(origin)) ? undefined : 'origin';
}

/** An IP address is not a name, so DNS rebinding cannot use it. */
function isAddress(host: string): boolean {
  if (!URL.canParse(`http://${host}`)) return false;
  const url = new URL(`http://${host}`);
  const isBare = url.host === host;
  return isBare && (isLoopback(url) || isIP(url.hostname.replace(/^\[|\]$/g, '')) > 0);
}

function isOrigin(origin: string): boolean {
  return URL.canParse(origin) && new URL(origin).origin === origin;
}

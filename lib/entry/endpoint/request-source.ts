import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../../options/option-rules.js';
import { normalizeHost } from './host-name.js';
import type { ResolvedEndpoint } from './endpoint-options.js';

/** A request target that is a whole URL (RFC 9112 section 3.2.2), and the host in it. */
const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*)/i;

/** RFC 9110 section 7.2: an address in brackets, or a name (RFC 3986 section 3.2.2), and perhaps a port. */
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i;

/**
 * Returns each host that a request names: in `Host`, in its equivalent of HTTP/2, and in a target that is a whole URL.
 * What proxies add, such as `X-Forwarded-Host`, is not among them: a page can send that, too.
 */
export function readHosts(request: IncomingMessage): readonly string[] {
  const { headers, url = '' } = request;
  const { ':authority': authority } = headers;
  const [, target] = ABSOLUTE_FORM.exec(url) ?? [];
  return [...readLines(request), ...[authority, target].filter((one) => typeof one === 'string')];
}

/** Whether a request has several `Host` lines, or one of another form (RFC 9112 section 3.2). */
export function hasMalformedHost(request: IncomingMessage): boolean {
  return readLines(request).length > 1 || !readHosts(request).every((host) => HOST.test(host));
}

/** A page can make its own name resolve to any address (DNS rebinding), but `Host` then contains that name. */
export function findHostProblem(hosts: readonly string[], endpoint: ResolvedEndpoint): 'host' | undefined {
  const { allowedHosts } = endpoint;
  if (allowedHosts === 'any') return undefined;
  const names = new Set(hosts.map(normalizeHost));
  if (names.size > 1) return 'host';
  return [...names].every((name) => name === endpoint.host || allowedHosts.has(name) || isAddress(name))
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

/** Node keeps the first of several lines in `headers`. */
function readLines({ rawHeaders }: IncomingMessage): readonly string[] {
  return rawHeaders.filter((_value, index) => rawHeaders[index - 1]?.toLowerCase() === 'host' && index % 2 === 1);
}

/** An IP address is not a name, so DNS rebinding cannot use it. IPv6 has several spellings of each. */
function isAddress(host: string): boolean {
  const [, literal] = /^\[([\da-f:.]+)\](?::\d+)?$/.exec(host) ?? [];
  if (literal !== undefined) return isIP(literal) === 6;
  if (!URL.canParse(`http://${host}`)) return false;
  const url = new URL(`http://${host}`);
  const isBare = url.host === host;
  return isBare && (isLoopback(url) || isIP(url.hostname) > 0);
}

function isOrigin(origin: string): boolean {
  return URL.canParse(origin) && new URL(origin).origin === origin;
}

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { ShortTextCache } from '../../limits/short-text-cache.js';
import { isLoopback } from '../../options/option-rules.js';
import { readHeaderLines } from '../../resource-server/authentication/header-lines.js';
import { normalizeHost } from './host-name.js';
import type { ResolvedEndpoint } from './endpoint-options.js';

/** A request target that is a whole URL (RFC 9112 section 3.2.2), and the host in it. */
const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*)/i;

/** RFC 9110 section 7.2: an address in brackets, or a name (RFC 3986 section 3.2.2), and perhaps a port. */
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i;

/** How many hosts are remembered, and how long they may be. Clients name the same one each time. */
const KNOWN_HOSTS = { maxSize: 100, maxLength: 253 };

/**
 * Returns each host that a request names: in `Host`, in its equivalent of HTTP/2, and in a target that is a whole URL.
 * What proxies add, such as `X-Forwarded-Host`, is not among them: a page can send that, too.
 */
export function readHosts(request: IncomingMessage): readonly string[] {
  const { headers, rawHeaders, url = '' } = request;
  const hosts = readHeaderLines(rawHeaders, 'host');
  const { ':authority': authority } = headers;
  if (typeof authority === 'string') hosts.push(authority);
  const target = url.startsWith('/') ? undefined : ABSOLUTE_FORM.exec(url)?.[1];
  if (target !== undefined) hosts.push(target);
  return hosts;
}

type Verdict = 'malformed_host' | 'host' | 'good';

/** Judges the hosts that requests name. */
export class HostJudge {
  readonly #known = new ShortTextCache<Verdict>(KNOWN_HOSTS);

  constructor(private readonly endpoint: ResolvedEndpoint) {}

  /** @param hosts - as {@link readHosts} found them */
  findProblem(request: IncomingMessage, hosts: readonly string[]): 'malformed_host' | 'host' | undefined {
    const [host] = hosts;
    const verdict =
      host === undefined || hosts.length > 1
        ? this.#judge(request, hosts)
        : (this.#known.get(host) ?? this.#known.set(host, this.#judge(request, hosts)));
    return verdict === 'good' ? undefined : verdict;
  }

  #judge(request: IncomingMessage, hosts: readonly string[]): Verdict {
    // Several `Host` lines, or one of another form (RFC 9112 section 3.2).
    if (readHeaderLines(request.rawHeaders, 'host').length > 1 || !hosts.every((host) => HOST.test(host)))
      return 'malformed_host';
    return findHostProblem(hosts, this.endpoint) ?? 'good';
  }
}

/** A page can make its own name resolve to any address (DNS rebinding), but `Host` then contains that name. */
function findHostProblem(hosts: readonly string[], endpoint: ResolvedEndpoint): 'host' | undefined {
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

import { BlockList, isIP } from 'node:net';

/** What is wrong with a value and how to fix it; `undefined` for a valid value. The text completes "`option` …". */
type Problem = string | undefined;

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a URL has a loopback host. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK_HOST.test(url.hostname);
}

/** `http` is only allowed for loopback. Everything else must be `https`. */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

/** RFC 8707 section 2 and the MCP specification's canonical server URI. */
export function findResourceProblem(value: string): Problem {
  const problem = findUrlProblem(value);
  if (problem) return problem;
  const url = new URL(value);
  const canonical = url.pathname === '/' ? [url.origin, `${url.origin}/`] : [url.href];
  if (!canonical.includes(value)) return `is not in canonical form. Write it as "${canonical.join('" or "')}"`;
  if (url.pathname.length > 1 && url.pathname.endsWith('/')) {
    return `ends with a slash. Write it as "${value.slice(0, -1)}", and let clients use that URL`;
  }
  if (!/^[A-Za-z0-9\-._~/]*$/.test(url.pathname)) {
    return 'has a path that cannot be mounted. Use letters, digits, "-", ".", "_" and "~" in its segments';
  }
  return undefined;
}

/** A path that controllers can be mounted at. */
export function findPathProblem(value: string): Problem {
  return /^(\/[A-Za-z0-9\-._~]+)+$/.test(value) && !/\/\.{1,2}(\/|$)/.test(value)
    ? undefined
    : 'is not a path that can be mounted. Write it as "/orders/mcp", of letters, digits, "-", ".", "_" and "~"';
}

/** An absolute, secure URL without credentials, query or fragment. */
export function findUrlProblem(value: string): Problem {
  if (!URL.canParse(value) || !/^https?:/i.test(value)) {
    return 'is not an absolute URL. Write the whole URL, for example "https://mcp.example.com/mcp"';
  }
  const url = new URL(value);
  if (value.includes('#')) return 'has a fragment. Remove "#" and what follows it';
  if (value.includes('?')) return 'has a query. Remove "?" and what follows it';
  if (url.username || url.password) return 'contains credentials. Remove the part before "@"';
  return isSecure(url) ? undefined : CLEAR_TEXT;
}

const CLEAR_TEXT = 'is plain http on a host that is not loopback. Use https';

/** Addresses that are not of the public internet (RFC 1918, RFC 3927, RFC 4193, RFC 4291, RFC 6598). */
const PRIVATE_ADDRESSES = new BlockList();
for (const [address, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE_ADDRESSES.addSubnet(address, prefix, 'ipv4');
PRIVATE_ADDRESSES.addSubnet('fc00::', 7, 'ipv6');
PRIVATE_ADDRESSES.addSubnet('fe80::', 10, 'ipv6');
PRIVATE_ADDRESSES.addAddress('::1', 'ipv6');

/**
 * As {@link findUrlProblem}, for addresses that only servers call.
 *
 * @param acceptClearText - whether the operator accepts plain http there
 */
export function findBackendUrlProblem(value: string, acceptClearText = false): Problem {
  const problem = findUrlProblem(value);
  if (problem !== CLEAR_TEXT) return problem;
  if (!acceptClearText) return `${problem}, or set \`acceptClearText\` if nobody else can listen on the way there`;
  return isPublicAddress(new URL(value))
    ? 'is plain http to an address of the public internet, where others can listen. Use https'
    : undefined;
}

/** Whether an address may be called in clear text, if the operator accepts that. */
export function isBackendUrl(url: URL, acceptClearText: boolean): boolean {
  return isSecure(url) || (acceptClearText && url.protocol === 'http:' && !isPublicAddress(url));
}

/** Names are not looked up. */
function isPublicAddress({ hostname }: URL): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  return version !== 0 && !PRIVATE_ADDRESSES.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** The address of a page for people, which may have a query and a fragment. */
export function findPageProblem(value: string): Problem {
  return findUrlProblem(withoutQuery(value));
}

/** As {@link findPageProblem}, for pages inside a network whose operator may accept plain http. */
export function findInnerPageProblem(value: string, acceptClearText?: boolean): Problem {
  return findBackendUrlProblem(withoutQuery(value), acceptClearText);
}

function withoutQuery(value: string): string {
  return value.replace(/[?#].*$/s, '');
}

/** RFC 8707 section 2, `resource`: an absolute URI without a fragment, not necessarily a URL. */
export function findUriProblem(value: string): Problem {
  return /^[A-Za-z][A-Za-z0-9+.-]*:[^\s#]+$/.test(value)
    ? undefined
    : 'is not an absolute URI without a fragment. Write it as the authorization server knows it';
}

/** A `scope-token` (RFC 6749 section 3.3), short enough for a challenge header with several of them. */
export function findScopeProblem(value: string): Problem {
  return /^[\x21\x23-\x5B\x5D-\x7E]{1,256}$/.test(value)
    ? undefined
    : 'is not a scope token (RFC 6749 section 3.3). Use up to 256 characters of printable ASCII, without spaces, quotes and backslashes';
}

/** Clients request `offline_access` from their own authorization server. A resource never needs it. */
export function findResourceScopeProblem(value: string): Problem {
  return value === 'offline_access'
    ? 'must not be "offline_access": clients that want a refresh token ask for it themselves. Remove it'
    : findScopeProblem(value);
}

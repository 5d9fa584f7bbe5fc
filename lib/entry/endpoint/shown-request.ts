import type { EventEmitter } from 'node:events';
import { IncomingMessage, type IncomingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import { isCredentialHeader, isCredentialName } from '../../resource-server/access/credential-names.js';
import { McpRequest } from './mcp-request.js';
import { toNodeRequest, type PlatformRequest } from './node-request.js';
import { holdsSecret, listSecrets } from './held-secrets.js';

/** What Node keeps in each request. Of it, these are shown. */
const SHOWN_BY_NODE = ['complete', 'httpVersion', 'httpVersionMajor', 'httpVersionMinor', 'method', 'url'];
const OF_NODE = new Set(Object.keys(new IncomingMessage(new Socket())).filter((name) => !SHOWN_BY_NODE.includes(name)));

/** What the platforms, their parsers and passport keep in a request. */
const OF_PLATFORM = new Set([
  ...[
    '_body',
    '_parsedUrl',
    '_passport',
    'additionalHeaders',
    'body',
    'next',
    'params',
    'query',
    'raw',
    'rawBody',
    'res',
  ],
  ...['user', '_parsedOriginalUrl'],
]);

/** What is passed on without a look inside. */
const OPAQUE = new Set(['app', 'log']);

const SOCKET_PROPERTIES = [
  ...['authorized', 'encrypted', 'localAddress', 'localPort', 'remoteAddress', 'remoteFamily', 'remotePort'],
] as const;

/**
 * A copy of a request for guards and interceptors of tools, of the same platform: with addresses, URL, route, headers,
 * and what middleware has put on it. It has no credentials, nothing that holds the token, and no way to the socket.
 */
export function showRequest(request: PlatformRequest): object {
  const node = toNodeRequest(request);
  const secrets = listSecrets(node.headers);
  const shownNode = copyNodeRequest(node, secrets);
  const query = showQuery((request as { query?: unknown }).query);
  if (!request.raw) {
    define(shownNode, 'query', query);
    return shownNode;
  }
  const shown = copyProperties(request, secrets);
  // Fastify's getters read the raw request, and the context of the route under a symbol.
  for (const symbol of Object.getOwnPropertySymbols(request)) {
    const value: unknown = Reflect.get(request, symbol);
    const isHidden = value === node || value instanceof McpRequest;
    const isShown = typeof value === 'object' && value !== null && !isHidden && isEnumerable(request, symbol);
    if (isShown) define(shown, symbol, value);
  }
  define(shown, 'raw', shownNode);
  const { headers } = shownNode;
  const readHeader = (name: string) => findHeader(headers, name);
  const { routeOptions } = request as { routeOptions?: { url?: string } };
  // Guards that were written for Express find these.
  const path = readPath(request.url);
  const extra = { get: readHeader, header: readHeader, path, query, route: { path: routeOptions?.url ?? path } };
  for (const [name, value] of Object.entries(extra)) define(shown, name, value);
  return shown;
}

function copyNodeRequest(node: IncomingMessage, secrets: readonly string[]): IncomingMessage {
  const shown = copyProperties(node, secrets) as IncomingMessage;
  const headers = Object.fromEntries(Object.entries(node.headers).filter(([name]) => !isCredentialHeader(name)));
  const rawHeaders = node.rawHeaders.filter(
    (_value, index, all) => !isCredentialHeader(all[index - (index % 2)] ?? ''),
  );
  const socket = Object.fromEntries(SOCKET_PROPERTIES.map((name) => [name, Reflect.get(node.socket, name) as unknown]));
  const distinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat()]));
  const emitter: EventEmitter = node;
  const listen =
    (method: 'on' | 'once' | 'off' | 'removeListener') =>
    (event: string, listener: () => void): IncomingMessage => {
      emitter[method](event, listener);
      return shown;
    };
  const parts = {
    ...{ headers, headersDistinct: distinct, rawHeaders, rawTrailers: [], socket, client: socket },
    ...{ on: listen('on'), once: listen('once'), off: listen('off'), removeListener: listen('removeListener') },
  };
  for (const [name, value] of Object.entries(parts)) define(shown, name, value);
  return shown;
}

/** The properties of a request that are neither credentials nor its machinery, on an object of the same platform. */
function copyProperties(request: object, secrets: readonly string[]): object {
  const shown = Object.create(Object.getPrototypeOf(request) as object) as object;
  for (const name of Object.keys(request)) {
    if (OF_NODE.has(name) || OF_PLATFORM.has(name) || isCredentialName(name)) continue;
    const value: unknown = Reflect.get(request, name);
    if (name === 'url' || name === 'originalUrl') define(shown, name, showUrl(value));
    else if (OPAQUE.has(name) || !holdsSecret(value, secrets)) define(shown, name, value);
  }
  return shown;
}

/** A URL without the parameters that carry credentials, such as `access_token` (RFC 6750 section 2.3). */
function showUrl(url: unknown): unknown {
  if (typeof url !== 'string' || !url.includes('?')) return url;
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const kept = query.split('&').filter((pair) => !isCredentialName(decodeName(pair.split('=')[0] ?? '')));
  return kept.length > 0 ? `${path}?${kept.join('&')}` : path;
}

function showQuery(query: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query ?? {}).filter(([name]) => !isCredentialName(name)));
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function readPath(url = ''): string {
  return url.split('?')[0] ?? '';
}

function findHeader(headers: IncomingHttpHeaders, name: string): string | string[] | undefined {
  const lower = name.toLowerCase();
  return lower === 'referrer' ? (headers.referrer ?? headers.referer) : headers[lower];
}

function isEnumerable(target: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(target, key);
}

function define(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

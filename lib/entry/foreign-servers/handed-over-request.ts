import type { IncomingMessage } from 'node:http';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import type { McpRequest } from '../endpoint/mcp-request.js';
import type { PlatformResponse } from '../endpoint/node-request.js';
import { keepHeaders } from '../endpoint/preflight.js';

/** Headers that the other server must not receive. */
const SECRETS = ['authorization', 'dpop'];

/** Passes the caller to the other server, in the form that the SDK's servers expect. The token is not passed on. */
export function handOver(request: McpRequest<Offer>, response: PlatformResponse): void {
  const { caller, node, platform } = request;
  const auth = {
    token: '',
    clientId: caller?.clientId ?? '',
    scopes: [...(caller?.scopes ?? [])],
    ...(caller && { expiresAt: caller.expiresAtMs / 1000, extra: { caller } }),
  };
  Object.assign(node, { auth, user: caller });
  Object.assign(platform, { auth, user: caller });
  for (const name of SECRETS) replaceHeader(node, name, undefined);
  keepHeaders(response);
}

/**
 * Replaces a header in each form in which a server may read it.
 *
 * @param name - in lower case
 * @param value - `undefined` removes the header
 */
export function replaceHeader(request: IncomingMessage, name: string, value: string | undefined): void {
  const others = request.rawHeaders.filter((_value, index, all) => readName(all, index) !== name);
  // HTTP/2 has the list as a property that cannot be set.
  request.rawHeaders.splice(0, Infinity, ...others, ...(value === undefined ? [] : [name, value]));
  setOrDelete(request.headers, name, value);
  setOrDelete(request.headersDistinct, name, value && [value]);
}

/** @param headers - HTTP/2 does not have each of them */
function setOrDelete(headers: Record<string, unknown> | undefined, name: string, value: unknown): void {
  if (!headers) return;
  if (value === undefined) Reflect.deleteProperty(headers, name);
  else headers[name] = value;
}

/** Returns the header name of an entry of `rawHeaders`, where names and values alternate. */
function readName(rawHeaders: readonly string[], index: number): string {
  return String(rawHeaders[index - (index % 2)]).toLowerCase();
}

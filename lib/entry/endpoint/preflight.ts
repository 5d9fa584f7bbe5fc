import type { IncomingMessage } from 'node:http';
import type { PlatformResponse } from './node-request.js';

/** A header name that a page asks to send. Any other value is not echoed. */
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;

/** Keeps the headers that Fastify's plugins and our guards have set. They would be lost with Fastify's reply. */
export function keepHeaders(response: PlatformResponse): void {
  if (!response.raw) return;
  for (const [name, value] of Object.entries(response.getHeaders())) {
    if (value !== undefined && response.raw.getHeader(name) !== value) response.raw.setHeader(name, value);
  }
}

/**
 * Answers a CORS preflight request.
 *
 * @param allowed - the methods of the endpoint, as `Allow` names them
 */
export function answerPreflight(request: IncomingMessage, response: PlatformResponse, allowed: string): void {
  keepHeaders(response);
  response.hijack?.();
  (response.raw ?? response).writeHead(204, buildPreflightHeaders(request, allowed)).end();
}

/** RFC 9110 section 9.3.7, and the Fetch standard, CORS-preflight. `*` would not cover `Authorization`. */
function buildPreflightHeaders({ headers }: IncomingMessage, allowed: string): Record<string, string> {
  if (headers.origin === undefined || headers['access-control-request-method'] === undefined) return { Allow: allowed };
  const wanted = (headers['access-control-request-headers'] ?? '').split(',').map((name) => name.trim());
  return {
    Allow: allowed,
    'Access-Control-Allow-Methods': 'POST',
    'Access-Control-Allow-Headers': wanted.filter((name) => HEADER_NAME.test(name)).join(', '),
    'Access-Control-Max-Age': '600',
  };
}

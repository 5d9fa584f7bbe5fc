import type { ServerResponse } from 'node:http';
import {
  All,
  Inject,
  MethodNotAllowedException,
  Req,
  Res,
  UseFilters,
  UseGuards,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import { AuthenticationGuard } from '../authentication/authentication.guard.js';
import { AuthorizationGuard } from '../authorization/authorization.guard.js';
import { ChallengeFilter } from '../metadata/challenge.filter.js';
import { McpServing } from '../serving/mcp-serving.js';
import { EndpointGuard } from './endpoint.guard.js';
import { nodeRequest, type McpRequest, type McpResponse } from './mcp-request.js';

/** In this order: what is sent, who sends it, whether they may. */
export const ENDPOINT_GUARDS: readonly Type<CanActivate>[] = [EndpointGuard, AuthenticationGuard, AuthorizationGuard];

/** A header that a page asks to send; what is no token is not repeated to it. */
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;

/** The MCP endpoint (Streamable HTTP): every method of HTTP comes through the guards. */
@UseFilters(ChallengeFilter)
@UseGuards(...ENDPOINT_GUARDS)
export class McpController {
  constructor(@Inject(McpServing) private readonly serving: McpServing) {}

  @All()
  async handle(@Req() request: McpRequest, @Res() response: McpResponse): Promise<void> {
    const raw = response.raw ?? response;
    if (request.method === 'OPTIONS') {
      takeOver(response);
      raw.writeHead(204, preflight(request)).end();
      return;
    }
    if (request.method === 'GET' && (await this.#listen(request, response, raw))) return;
    if (request.method !== 'POST') {
      // There are no sessions, and so nothing to end (DELETE).
      raw.setHeader('Allow', 'POST, OPTIONS');
      throw new MethodNotAllowedException();
    }
    const { authorized, trace, body, scheme, failure, access } = request;
    if (!authorized) throw new Error('A request reached the endpoint without authorization');
    takeOver(response);
    await trace.run(() =>
      this.serving.serve(nodeRequest(request), raw, { body, authorized, trace, scheme, failure, access }),
    );
  }

  /** For the revisions before 2026-07-28. */
  async #listen(request: McpRequest, response: McpResponse, raw: ServerResponse): Promise<boolean> {
    const node = nodeRequest(request);
    if (!this.serving.listens(node)) return false;
    takeOver(response);
    await request.trace.run(() => this.serving.listen(node, raw, request.caller));
    return true;
  }
}

/** Headers that Fastify's plugins and our guards have set so far would be lost with its reply. */
function takeOver(response: McpResponse): void {
  if (!response.hijack) return;
  for (const [name, value] of Object.entries(response.getHeaders())) {
    if (value !== undefined) response.raw?.setHeader(name, value);
  }
  response.hijack();
}

/** RFC 9110 section 9.3.7, and the Fetch standard, CORS-preflight. `*` would not cover `Authorization`. */
function preflight({ headers }: McpRequest): Record<string, string> {
  if (headers.origin === undefined || headers['access-control-request-method'] === undefined)
    return { Allow: 'POST, OPTIONS' };
  const wanted = (headers['access-control-request-headers'] ?? '').split(',').map((name) => name.trim());
  return {
    Allow: 'POST, OPTIONS',
    'Access-Control-Allow-Methods': 'POST',
    'Access-Control-Allow-Headers': wanted.filter((name) => HEADER_NAME.test(name)).join(', '),
    'Access-Control-Max-Age': '600',
  };
}

import type { ServerResponse } from 'node:http';
import {
  All,
  MethodNotAllowedException,
  Req,
  Res,
  UseFilters,
  UseGuards,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import { AuthenticationGuard } from './authentication.guard.js';
import { AuthorizationGuard } from './authorization.guard.js';
import { DownstreamGuard } from './downstream.guard.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { ChallengeFilter } from './challenge.filter.js';
import { readAddress, runFrom } from '../../limits/caller-address.js';
import { McpServing } from '../../mcp/protocol/mcp-serving.js';
import { EndpointGuard } from './endpoint.guard.js';
import type { AuthorizedRequest, DeniedRequest } from '../../mcp/invocation/authorized-request.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import type { McpRequest } from './mcp-request.js';
import { toNodeRequest, type PlatformResponse } from './node-request.js';
import { answerPreflight, keepHeaders } from './preflight.js';

/** The guards in order: the message, the caller, how often they ask, their permissions, the downstreams. */
export const ENDPOINT_GUARDS: readonly Type<CanActivate>[] = [
  EndpointGuard,
  AuthenticationGuard,
  RateLimitGuard,
  AuthorizationGuard,
  DownstreamGuard,
];

/** The MCP endpoint (Streamable HTTP). Every HTTP method passes the guards. */
@UseFilters(ChallengeFilter)
@UseGuards(...ENDPOINT_GUARDS)
export class McpController {
  constructor(
    private readonly serving: McpServing,
    private readonly authentication: AuthenticationGuard,
  ) {}

  @All()
  async handle(@Req() request: McpRequest, @Res() response: PlatformResponse): Promise<void> {
    const raw = response.raw ?? response;
    if (request.method === 'OPTIONS') {
      answerPreflight(request, response);
      return;
    }
    if (request.method === 'GET' && (await this.#listen(request, response, raw))) return;
    if (request.method !== 'POST') {
      // There are no sessions that DELETE could end.
      raw.setHeader('Allow', 'POST, OPTIONS');
      throw new MethodNotAllowedException();
    }
    this.authentication.refuseEnded(request);
    const served = toServedRequest(request);
    takeOver(response);
    await runFrom(readAddress(request), () =>
      request.trace.run(() => this.serving.serve(toNodeRequest(request), raw, served)),
    );
  }

  /** For the revisions before 2026-07-28. */
  async #listen(request: McpRequest, response: PlatformResponse, raw: ServerResponse): Promise<boolean> {
    const node = toNodeRequest(request);
    if (!this.serving.isListening(node)) return false;
    this.authentication.refuseEnded(request);
    takeOver(response);
    await runFrom(readAddress(request), () => request.trace.run(() => this.serving.listen(node, raw, request.caller)));
    return true;
  }
}

function toServedRequest({ admitted, trace, body, scheme, prepared }: McpRequest): AuthorizedRequest | DeniedRequest {
  if (!admitted) throw new Error('A request reached the endpoint without authorization');
  if (admitted instanceof AccessDeniedError) return { body, trace, denied: admitted };
  return { body, trace, authorized: admitted, scheme, failure: prepared?.failure, access: prepared?.access };
}

function takeOver(response: PlatformResponse): void {
  if (!response.hijack) return;
  keepHeaders(response);
  response.hijack();
}

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
import { answerPreflight } from './preflight.js';
import { takeOver } from './taken-over-response.js';

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
    if (request.method === 'OPTIONS') {
      answerPreflight(request, response);
      return;
    }
    const node = toNodeRequest(request);
    const isListening = request.method === 'GET' && this.serving.isListening(node);
    if (request.method !== 'POST' && !isListening) {
      // There are no sessions that DELETE could end.
      (response.raw ?? response).setHeader('Allow', 'POST, OPTIONS');
      throw new MethodNotAllowedException();
    }
    this.authentication.refuseEnded(request);
    const { caller } = request;
    const served = isListening ? undefined : toServedRequest(request);
    await takeOver(request, response, (raw) =>
      runFrom(readAddress(request), () =>
        request.trace.run(() =>
          served ? this.serving.serve(node, raw, served) : this.serving.listen(node, raw, caller),
        ),
      ),
    );
  }
}

function toServedRequest({ admitted, trace, body, scheme, prepared }: McpRequest): AuthorizedRequest | DeniedRequest {
  if (!admitted) throw new Error('A request reached the endpoint without authorization');
  if (admitted instanceof AccessDeniedError) return { body, trace, denied: admitted };
  return { body, trace, authorized: admitted, scheme, failure: prepared?.failure, access: prepared?.access };
}

import type { IncomingMessage } from 'node:http';
import {
  All,
  HttpCode,
  HttpStatus,
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
import { explainTold } from './described-answer.js';
import { EndpointGuard } from './endpoint.guard.js';
import type { AuthorizedRequest, DeniedRequest } from '../../mcp/invocation/authorized-request.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import type { Ending } from '../../time/ending.js';
import { findRequest, type McpRequest } from './mcp-request.js';
import { InterruptionFilter } from './interruption.filter.js';
import type { PlatformRequest, PlatformResponse } from './node-request.js';
import { showRequest } from './shown-request.js';
import { answerPreflight } from './preflight.js';
import { TakenResponse } from './taken-response.js';

/** The guards in order: the message, the caller, how often they ask, their permissions, the downstreams. */
export const ENDPOINT_GUARDS: readonly Type<CanActivate>[] = [
  EndpointGuard,
  AuthenticationGuard,
  RateLimitGuard,
  AuthorizationGuard,
  DownstreamGuard,
];

/** The MCP endpoint (Streamable HTTP). Every HTTP method passes the guards. */
@UseFilters(InterruptionFilter, ChallengeFilter)
@UseGuards(...ENDPOINT_GUARDS)
export class McpController {
  constructor(
    private readonly serving: McpServing,
    private readonly authentication: AuthenticationGuard,
  ) {}

  /**
   * Nest answers only if an interceptor of the application ends the request without running this: with a failure, and
   * whatever the interceptor returned. A request is handled once, however often an interceptor asks for it.
   */
  @All()
  @HttpCode(HttpStatus.INTERNAL_SERVER_ERROR)
  handle(@Req() platform: PlatformRequest, @Res({ passthrough: true }) response: PlatformResponse): Promise<void> {
    const request = findRequest(platform);
    request.handled ??= this.#handle(request, response);
    return request.handled;
  }

  async #handle(request: McpRequest, response: PlatformResponse): Promise<void> {
    const raw = response.raw ?? response;
    if (request.method === 'OPTIONS') {
      takeOver(request, response);
      answerPreflight(request.node, raw, this.#listMethods(request));
      return;
    }
    if (request.method === 'GET' && this.serving.isListening(request.node)) {
      this.authentication.refuseEnded(request);
      await this.#answer(request, response, (node) => {
        this.serving.listen(node, raw, request.caller);
        return Promise.resolve();
      });
      return;
    }
    if (request.method !== 'POST') {
      // There are no sessions that DELETE could end.
      raw.setHeader('Allow', this.#listMethods(request));
      throw new MethodNotAllowedException();
    }
    this.authentication.refuseEnded(request);
    const answered = this.#answer(request, response, (node, interruption) =>
      this.serving.serve(node, raw, toServedRequest(request, node, interruption)),
    );
    // A stream has no end that an interceptor could wait for.
    if (request.operation?.method !== 'subscriptions/listen') await answered;
  }

  /** `Allow` (RFC 9110 section 10.2.1). A GET that comes here has left streams out of its `Accept`. */
  #listMethods(request: McpRequest): string {
    const mayListen = request.method !== 'GET' && this.serving.isConversing(request.node);
    return mayListen ? 'GET, POST, OPTIONS' : 'POST, OPTIONS';
  }

  async #answer(request: McpRequest, response: PlatformResponse, answer: Serve): Promise<void> {
    const taken = takeOver(request, response);
    const serve = () => request.trace.run(() => taken.answer(() => answer(request.node, taken.interruption)));
    // Where there is a caller, nothing is held for an address.
    await (request.caller ? serve() : runFrom(readAddress(request.platform), serve));
  }
}

type Serve = (request: IncomingMessage, interruption: Ending) => Promise<void>;

function toServedRequest(
  request: McpRequest,
  node: IncomingMessage,
  interruption: Ending,
): AuthorizedRequest | DeniedRequest {
  const { admitted, trace, body, size, scheme, prepared } = request;
  if (!admitted) throw new Error('A request reached the endpoint without authorization');
  const show = () => showRequest(request.platform);
  const explain = (status: number, told: string) => {
    explainTold(node, status, told);
  };
  const parts = { body, size, trace, interruption, show, explain };
  if (admitted instanceof AccessDeniedError) return { ...parts, denied: admitted };
  return { ...parts, authorized: admitted, scheme, failure: prepared?.failure, access: prepared?.access };
}

function takeOver(request: McpRequest, response: PlatformResponse): TakenResponse {
  const taken = new TakenResponse(request, response);
  request.taken = taken;
  return taken;
}

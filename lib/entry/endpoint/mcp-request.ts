import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ArgumentsHost } from '@nestjs/common';
import type { HeldSession } from '../../resource-server/authentication/revocations.js';
import type { Caller } from '../../resource-server/access/caller.js';
import type { TokenScheme } from '../../resource-server/authentication/credentials.js';
import type { PreparedDownstreams } from '../../on-behalf-of/downstream/downstream-preparation.js';
import type { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import type { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import type { Offer, Primitive } from '../../resource-server/catalogue/primitive.js';
import type { ProtectedSurface } from '../../resource-server/catalogue/protected-surface.js';
import type { Operation } from '../../resource-server/access/operation.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import type { RefusedRequest } from '../../resource-server/challenges/challenges.js';
import { toNodeRequest, type PlatformRequest } from './node-request.js';
import type { Interruptible } from './taken-response.js';

/** What the guards have found of a request to the endpoint. Each adds its results. */
export class McpRequest<One extends Offer = Primitive> {
  /** Set by `EndpointGuard`. */
  trace!: RequestTrace;
  /** Set by `EndpointGuard`: bytes of the message. */
  size: number | undefined;
  /** Set by `EndpointGuard`: the operation of a POST. */
  operation: Operation | undefined;
  /** Set by `EndpointGuard`, or by `McpProtection` before it: the operations behind the guards. */
  surface!: ProtectedSurface;
  /** Set by `AuthenticationGuard`: the caller, unless the call is anonymous. */
  caller: Caller | undefined;
  /** Set by `AuthenticationGuard`: the session of the caller, until the answer is over. */
  heldSession: HeldSession | undefined;
  /** Set by `AuthenticationGuard`: the scheme with which the token was sent. */
  scheme: TokenScheme | undefined;
  /** Set by `AuthenticationGuard`: what a challenge tells of the request. */
  refused: RefusedRequest | undefined;
  /** Set by `AuthorizationGuard`: the authorization, or the denial that the operation's own answer reports. */
  admitted: AuthorizedOperation<One> | AccessDeniedError | undefined;
  /** Set by `DownstreamGuard`: the state of the downstreams. */
  prepared: PreparedDownstreams | undefined;
  /** Set by `McpController`, or by `McpProtection`, once Nest and filters cannot answer the request any more. */
  taken: Interruptible | undefined;
  /** Set by `McpController`, once it serves the request. */
  handled: Promise<void> | undefined;

  /** @param platform - the request of Express or Fastify. The application may replace its `user` and its `body` */
  constructor(readonly platform: PlatformRequest) {}

  /** Node's own request. */
  get node(): IncomingMessage {
    return toNodeRequest(this.platform);
  }

  get method(): string | undefined {
    return this.platform.method;
  }

  get headers(): IncomingHttpHeaders {
    return this.platform.headers;
  }

  get body(): unknown {
    return this.platform.body;
  }
}

/**
 * Where a request of the platform has what is known of it. On Node 20 and 22, each property that is added to a request of
 * Express takes several microseconds. A `WeakMap` takes longer than one property on all of them.
 */
const KNOWN = Symbol('known');

/** What is known of the request of an HTTP context. `switchToHttp()` would change the context each time. */
export function getRequest(context: ArgumentsHost): McpRequest {
  return findRequest(context.getArgByIndex<PlatformRequest>(0));
}

/** What is known of a request of the platform. */
export function findRequest(platform: PlatformRequest & { [KNOWN]?: McpRequest | undefined }): McpRequest {
  return (platform[KNOWN] ??= new McpRequest(platform));
}

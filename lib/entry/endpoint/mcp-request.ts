import type { ExecutionContext } from '@nestjs/common';
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
import type { PlatformRequest } from './node-request.js';
import type { Interruptible } from './taken-response.js';

/** A request to the endpoint. Each guard adds its results. The application may replace `user`. */
export type McpRequest<One extends Offer = Primitive> = PlatformRequest & {
  /** Set by `EndpointGuard`. */
  trace: RequestTrace;
  /** Set by `EndpointGuard`: bytes of the message. */
  size?: number;
  /** Set by `EndpointGuard`: the operation of a POST. */
  operation?: Operation | undefined;
  /** Set by `EndpointGuard`, or by `McpProtection` before it: the operations behind the guards. */
  surface: ProtectedSurface;
  /** Set by `AuthenticationGuard`: the caller, unless the call is anonymous. */
  caller?: Caller | undefined;
  /** Set by `AuthenticationGuard`: the session of the caller, until the answer is over. */
  heldSession?: HeldSession;
  /** Set by `AuthenticationGuard`: the scheme with which the token was sent. */
  scheme?: TokenScheme;
  /** Set by `AuthorizationGuard`: the authorization, or the denial that the operation's own answer reports. */
  admitted?: AuthorizedOperation<One> | AccessDeniedError;
  /** Set by `DownstreamGuard`: the state of the downstreams. */
  prepared?: PreparedDownstreams;
  /** Set by `McpController`, or by `McpProtection`, once Nest and filters cannot answer the request any more. */
  taken?: Interruptible;
  /** Set by `McpController`, once it serves the request. */
  handled?: Promise<void>;
};

/** The request of an HTTP context. `switchToHttp()` would change the context each time. */
export function getRequest(context: ExecutionContext): McpRequest {
  return context.getArgByIndex<McpRequest>(0);
}

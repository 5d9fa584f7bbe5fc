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

/** A request of the endpoint. Each guard adds what it found out; `user` may be of the application's own making. */
export type McpRequest<One extends Offer = Primitive> = PlatformRequest & {
  /** Set by `EndpointGuard`. */
  trace: RequestTrace;
  /** Set by `EndpointGuard`: what a POST asks for. */
  operation?: Operation | undefined;
  /** Set by `EndpointGuard`, or by `McpProtection` before: what stands behind the guards. */
  surface: ProtectedSurface;
  /** Set by `AuthenticationGuard`: who calls, if anyone had to say so. */
  caller?: Caller | undefined;
  /** Set by `AuthenticationGuard`: how the token came. */
  scheme?: TokenScheme;
  /** Set by `AuthorizationGuard`: what may be done, or the refusal that the operation's own answer tells. */
  admitted?: AuthorizedOperation<One> | AccessDeniedError;
  /** Set by `DownstreamGuard`: what is known of downstreams. */
  prepared?: PreparedDownstreams;
};

import type { DownstreamError } from '../../errors/downstream-error.js';
import type { LimitError } from '../../errors/limit-error.js';
import type { Lease } from '../../limits/lease.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import type { DownstreamAccess } from '../../on-behalf-of/downstream/downstream-access.js';
import type { TokenScheme } from '../../resource-server/authentication/credentials.js';
import type { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import type { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import type { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';
import type { Ending } from '../../time/ending.js';
import type { Conversation } from './conversation.js';
import type { MessageContext } from './message-context.js';

interface ServedRequest {
  /** The parsed body. */
  readonly body: unknown;
  /** Bytes of the body, if it came over HTTP. */
  readonly size?: number | undefined;
  readonly trace: RequestTrace;
  /** What a client before 2026-07-28 sent in `initialize`, if it sent its session id. */
  conversation?: Conversation | undefined;
  /** Comes with what an interceptor of the application throws around the endpoint. */
  readonly interruption?: Ending | undefined;
  /** Makes what guards and interceptors of tools may see of the HTTP request. */
  readonly show?: (() => object) | undefined;
  /** Told why an answer refuses the request, for operators. */
  readonly explain?: ((status: number, told: string) => void) | undefined;
}

/** A request that may be served. */
export interface AuthorizedRequest extends ServedRequest {
  /** The authorization for the operation in the body. */
  readonly authorized: AuthorizedOperation;
  /** The scheme with which the token was sent. */
  readonly scheme: TokenScheme | undefined;
  /** Why a downstream of the primitive cannot be called. */
  readonly failure: DownstreamError | undefined;
  /** The downstreams that the call may use; `undefined` if there are none. */
  readonly access: DownstreamAccess | undefined;
  /** The challenge for what the call turned out to need. It replaces the answer if that has not begun. */
  challenge?: ChallengeException | undefined;
  /** The limit that the call met. It replaces the answer if that has not begun. */
  limit?: LimitError | undefined;
  /** What the method has already come to, if the SDK is only to answer with it. */
  settled?: Promise<unknown> | undefined;
  /** Remembers the SDK's answer, for others who ask the same. */
  keepAnswer?: ((answer: Response) => Promise<Response>) | undefined;
  /** What the call, or the stream, takes of the share of its caller. */
  lease?: Lease | undefined;
}

/** A refused request. The operation's own answer reports the denial. */
export interface DeniedRequest extends ServedRequest {
  readonly denied: AccessDeniedError;
}

/**
 * Authorizes a message.
 *
 * @throws AccessDeniedError if the message is not allowed
 */
export type Admit = (
  method: string,
  params: unknown,
  context: MessageContext,
) => AuthorizedRequest | Promise<AuthorizedRequest>;

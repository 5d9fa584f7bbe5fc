import type { ServerContext } from '@modelcontextprotocol/server';
import type { DownstreamError } from '../../errors/downstream-error.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import type { DownstreamAccess } from '../../on-behalf-of/downstream/downstream-access.js';
import type { TokenScheme } from '../../resource-server/authentication/credentials.js';
import type { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import type { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import type { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';
import type { Conversation } from './conversation.js';

interface ServedRequest {
  /** As parsed. */
  readonly body: unknown;
  readonly trace: RequestTrace;
  /** What a client before 2026-07-28 said of itself, where it has taken it along. */
  conversation?: Conversation | undefined;
}

/** A request that may be served. */
export interface AuthorizedRequest extends ServedRequest {
  /** Leave to do what is in the body. */
  readonly authorized: AuthorizedOperation;
  /** How the token came. */
  readonly scheme: TokenScheme | undefined;
  /** Why a downstream of the primitive cannot be called. */
  readonly failure: DownstreamError | undefined;
  /** What it may reach; `undefined` where that is nothing. */
  readonly access: DownstreamAccess | undefined;
  /** What the caller turned out to lack while the call ran; the answer, if it has not begun. */
  challenge?: ChallengeException | undefined;
}

/** A request that was refused, by an answer that the protocol has for it. */
export interface DeniedRequest extends ServedRequest {
  readonly denied: AccessDeniedError;
}

/**
 * Finds out what a message may do.
 *
 * @throws AccessDeniedError where that is nothing
 */
export type Admit = (
  method: string,
  params: unknown,
  context: ServerContext,
) => AuthorizedRequest | Promise<AuthorizedRequest>;

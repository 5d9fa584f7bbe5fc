import type { ServerContext } from '@modelcontextprotocol/server';
import type { DownstreamError } from '../../errors/downstream-error.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import type { DownstreamAccess } from '../../on-behalf-of/downstream/downstream-access.js';
import type { TokenScheme } from '../../resource-server/authentication/credentials.js';
import type { AuthorizedOperation } from '../../resource-server/authorization/authorized-operation.js';
import type { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';
import type { Conversation } from './conversation.js';

/** A request that may be served. */
export interface AuthorizedRequest {
  /** As parsed. */
  readonly body: unknown;
  /** Leave to do what is in the body. */
  readonly authorized: AuthorizedOperation;
  readonly trace: RequestTrace;
  /** How the token came. */
  readonly scheme: TokenScheme | undefined;
  /** Why a downstream of the primitive cannot be called. */
  readonly failure: DownstreamError | undefined;
  /** What it may reach; `undefined` where that is nothing. */
  readonly access: DownstreamAccess | undefined;
  /** What the caller turned out to lack while the call ran; the answer, if it has not begun. */
  challenge?: ChallengeException | undefined;
  /** What a client before 2026-07-28 said of itself, where it has taken it along. */
  conversation?: Conversation | undefined;
}

/** Finds out what a message may do. */
export type Admission = (
  method: string,
  params: unknown,
  context: ServerContext,
) => AuthorizedRequest | Promise<AuthorizedRequest>;

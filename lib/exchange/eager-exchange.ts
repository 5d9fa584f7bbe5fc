import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../authentication/caller.js';
import type { ToolDefinition } from '../catalogue/tool-definition.js';
import { CallerActionError, DownstreamError, OperatorActionError } from '../downstream/downstream-error.js';
import type { AuditContext } from '../observability/audit-event.js';
import { TokenExchange } from './token-exchange.js';

/** Gets the tokens of a call before anything is answered, so that what is missing can still be asked for over HTTP. */
@Injectable()
export class EagerExchange {
  constructor(@Inject(TokenExchange) private readonly exchange: TokenExchange) {}

  /**
   * Exchanges for all of a tool's downstreams at once.
   *
   * @returns why tokens are missing, what is to be told first in front
   */
  async failures(
    caller: Caller | undefined,
    { downstreams, exchange }: ToolDefinition,
    event: AuditContext,
  ): Promise<readonly DownstreamError[]> {
    if (exchange === 'lazy' || downstreams.length === 0) return [];
    const access = this.exchange.onBehalfOf(caller, event);
    const results = await Promise.allSettled(downstreams.map((name) => access.tokenFor(name)));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [failureIn(result.reason)] : []));
    return failures.sort((a, b) => rank(a) - rank(b));
  }
}

function failureIn(reason: unknown): DownstreamError {
  if (reason instanceof DownstreamError) return reason;
  throw reason;
}

/** What a client is told first: a sign-in that would not help is not asked for, and one that is needed comes before consent. */
const RANKS = ['invalid_token', 'insufficient_claims', 'insufficient_user_authentication', 'insufficient_scope'];

function rank(failure: DownstreamError): number {
  if (failure instanceof OperatorActionError) return -1;
  if (!(failure instanceof CallerActionError)) return RANKS.length + 2;
  if (!failure.remedy) return -1;
  return 'page' in failure.remedy ? RANKS.length + 1 : RANKS.indexOf(failure.remedy.challenge);
}

import { HttpException, Injectable } from '@nestjs/common';
import { isInputRequiredResult, type CallToolResult } from '@modelcontextprotocol/server';
import { toReadable } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';
import type { ChallengeRemedy, DownstreamError } from '../../errors/downstream-error.js';
import type { Lease } from '../../limits/lease.js';
import { AuditLog } from '../../observability/audit-log.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import { exchangeEagerly } from '../../on-behalf-of/downstream/eager-exchange.js';
import { runToolCall } from '../../on-behalf-of/downstream/tool-call.js';
import type { DownstreamAccess } from '../../on-behalf-of/downstream/downstream-access.js';
import { CallerAccess } from '../../on-behalf-of/downstream/caller-access.js';
import type { CompletionRequest, Operation } from '../../resource-server/access/operation.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { Admission, type AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import { PermittedItems } from '../../resource-server/authorization/permitted-items.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import { CallContext } from './call-context.js';
import { toOutcome, type Outcome } from './call-outcome.js';
import { toCompletionResult } from './completion-result.js';
import { CallRound, type RoundMessage } from './call-round.js';
import { Revocations } from '../../resource-server/authentication/revocations.js';
import type { Ending } from '../../time/ending.js';
import { CallEnding, CallTimeout } from './call-ending.js';
import { ThrottledError } from './call-throttlers.js';
import { findEnding } from './message-context.js';
import type { PageAnswer } from './elicited-page.js';
import { isAnswered, waitForPage } from './opened-page.js';
import { toPrimitiveError } from './primitive-failure.js';
import { PrimitiveInvocations } from './primitive-invocations.js';
import { RequestStates } from './request-state.js';
import { findToldError } from './tool-failure.js';
import { toErrorResult } from './tool-result.js';

const logger = new CleanLogger('McpTool');

/** The request that a call is part of. */
export interface Surroundings extends RoundMessage {
  readonly trace: RequestTrace;
  /** Why a downstream cannot be called, if known before the call. */
  readonly failure: DownstreamError | undefined;
  /** The downstream access, if it was already opened before the call. */
  readonly access: DownstreamAccess | undefined;
  /** What the call takes of the share of its caller, until the method is over. */
  readonly lease: Lease | undefined;
  /** Makes what guards and interceptors may see of the HTTP request. */
  readonly show: (() => object) | undefined;
  /** Ends the call with what an interceptor of the application threw around the endpoint. */
  readonly interruption: Ending | undefined;
  /**
   * Creates a challenge for what the caller lacks, and returns its text. It becomes the HTTP answer if that has not
   * begun.
   */
  readonly challenge: (remedy: ChallengeRemedy) => string | undefined;
}

/** Runs an authorized operation: calls the method for the caller, and turns the outcome into a result. */
@Injectable()
export class PrimitiveRunner {
  constructor(
    private readonly invocations: PrimitiveInvocations,
    private readonly callers: CallerAccess,
    private readonly audit: AuditLog,
    private readonly states: RequestStates,
    private readonly admission: Admission,
    private readonly items: PermittedItems,
    private readonly revocations: Revocations,
  ) {}

  /**
   * @param authorized - the authorization for the call
   * @throws ProtocolError if a resource or a prompt fails
   * @throws InvalidTokenError if the session of the caller ends meanwhile
   * @throws AccessDeniedError if the caller may not do it with what pipes made of the arguments
   */
  async run(authorized: AuthorizedOperation, primitive: Primitive, surroundings: Surroundings): Promise<Outcome> {
    const { trace, context, interruption, show } = surroundings;
    const { caller, operation = NO_OPERATION, input, scopes } = authorized;
    const describe = () => trace.createAuditContext(caller, operation);
    let final: { readonly error: unknown } | undefined;
    const refuse = (told: CallToolResult, error: unknown): CallToolResult => {
      if (primitive.kind === 'tool') return told;
      const refusal = toPrimitiveError(primitive, operation.name ?? '', error, told);
      final = { error: refusal };
      throw refusal;
    };
    // An operation has one outcome: the method's arguments may turn out to be denied.
    const allow = () => {
      if (authorized.claimAudit() && 'value' in input) this.audit.recordAllowed(() => ({ ...describe(), scopes }));
    };
    const round = new CallRound(this.states, authorized, operation, surroundings);
    const { channel } = round;
    const session = this.revocations.hold(caller);
    const ending = new CallEnding(primitive.timeoutMs, findEnding(context), session.ending, interruption);
    const { over } = ending;
    try {
      if ('problems' in input) {
        trace.fail('tool_error');
        const told = toErrorResult(`Invalid arguments for ${primitive.name}:\n${input.problems.join('\n')}`);
        return refuse(told, new HttpException(told, 400));
      }
      const access = surroundings.access ?? this.callers.openAccess(caller, describe);
      const failure = await this.#waitForMissing(primitive, access, surroundings, round.answer, over);
      if (failure) throw failure;
      await round.begin().catch((error: unknown) => {
        final = { error };
        throw error;
      });
      const call = { tool: primitive.name, caller, downstreams: primitive.downstreams, access, ending: over };
      const callContext = new CallContext({
        caller,
        trace,
        ending: over,
        operation,
        channel,
        input: input.value,
        shown: this.invocations.isSeen(primitive, operation) ? show?.() : undefined,
      });
      let requests: readonly unknown[] = [input.value];
      const check = async (readings: readonly unknown[]) => {
        requests = readings;
        await this.admission.readmit(authorized, readings, trace);
        allow();
      };
      const running = runToolCall(call, () =>
        this.invocations.invoke(primitive, operation, callContext, input.value, check),
      );
      surroundings.lease?.hold(running);
      const select = (values: readonly string[]) =>
        this.items.selectValues(values, primitive, requests as readonly CompletionRequest[], caller);
      const finish = async () =>
        operation.method === 'completion/complete'
          ? await toCompletionResult(await running, select)
          : await toOutcome(await running, primitive, operation, callContext);
      const result = await ending.race(finish());
      if (operation.method === 'completion/complete') {
        throwIfEnded(session.ending);
        return result;
      }
      // Once the method has asked a question, its result is ignored.
      if (channel.questions) return await round.ask({});
      if (isInputRequiredResult(result)) return await round.ask(result);
      if ('isError' in result && result.isError) trace.fail('tool_error');
      throwIfEnded(session.ending);
      return result;
    } catch (thrown) {
      const error = toReadable(thrown);
      if (error instanceof AccessDeniedError) throw error;
      allow();
      if (session.ending.hasEnded) {
        trace.fail('invalid_token');
        throw session.ending.reason as Error;
      }
      if ((final && error === final.error) || error instanceof ThrottledError) throw error;
      if (channel.questions && !over.hasEnded) return await round.ask({});
      const isEnded =
        over.reason instanceof CallTimeout || (interruption?.hasEnded && over.reason === interruption.reason);
      if (over.hasEnded && !isEnded) {
        trace.fail('cancelled');
        logger.debug(`${primitive.name} was cancelled [${trace.correlationId}]`);
        return refuse(toErrorResult('The call was cancelled.'), error);
      }
      trace.fail(over.hasEnded ? 'timeout' : 'tool_error');
      const failure = findToldError(over.hasEnded ? over.reason : error);
      const told = await round.fail(primitive.name, failure, trace.correlationId, surroundings.challenge);
      return isInputRequiredResult(told) ? told : refuse(told, failure);
    } finally {
      ending.release();
      session.release();
    }
  }

  /**
   * Returns why the call cannot be made. If the client has opened a page, first waits until the user is done with it.
   */
  async #waitForMissing(
    primitive: Primitive,
    access: DownstreamAccess,
    { failure }: Surroundings,
    answer: PageAnswer | undefined,
    over: Ending,
  ): Promise<DownstreamError | undefined> {
    if (!failure || !answer?.isOpen || !isAnswered(failure, answer)) return failure;
    return await waitForPage(failure, async () => (await exchangeEagerly(access, primitive))[0], over.signal);
  }
}

/** @throws why it has ended */
function throwIfEnded({ hasEnded, reason }: Ending): void {
  if (hasEnded) throw reason as Error;
}

const NO_OPERATION: Operation = { method: '', name: undefined };

import { Injectable } from '@nestjs/common';
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import { ThrottledError } from '../invocation/call-throttlers.js';
import { LimitError } from '../../errors/limit-error.js';
import type { Lease } from '../../limits/lease.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { Challenges } from '../../resource-server/challenges/challenges.js';
import type { Admit, AuthorizedRequest } from '../invocation/authorized-request.js';
import type { IdentifyClient } from '../invocation/client-channel.js';
import { toLimitError, toLimitResult } from '../invocation/limit-answer.js';
import type { MessageContext } from '../invocation/message-context.js';
import { InvalidTokenError } from '../../resource-server/authentication/invalid-token-error.js';
import { toChallengeError } from './challenge-response.js';
import { readArguments } from '../../resource-server/access/operation.js';
import { tellDenials, tellRefusal } from '../invocation/denied-operation.js';
import type { Outcome } from '../invocation/call-outcome.js';
import { PrimitiveRunner } from '../invocation/primitive-runner.js';
import { toUnknownOperation } from '../invocation/unknown-operation.js';
import { TaskMethods } from '../tasks/task-methods.js';
import { CallShares } from './call-shares.js';

export type CallMethod = 'tools/call' | 'prompts/get' | 'resources/read' | 'completion/complete';

/** What a call names. */
export interface CallParameters {
  readonly name?: string;
  readonly uri?: string;
}

/** The methods that call a method of the application. A primitive that the caller may not see counts as not found. */
@Injectable()
export class CallMethods {
  constructor(
    private readonly runner: PrimitiveRunner,
    private readonly challenges: Challenges,
    private readonly tasks: TaskMethods,
    private readonly shares: CallShares,
  ) {}

  /**
   * Answers a call.
   *
   * @param params - those of the message. They are valid
   * @param identify - says who a client before 2026-07-28
   * @throws ProtocolError if the answer is an error
   */
  answer(
    method: CallMethod,
    params: CallParameters,
    context: MessageContext,
    identify: IdentifyClient,
    admit: Admit,
  ): Promise<unknown> {
    return method === 'tools/call'
      ? this.#callTool(params, context, identify, admit)
      : this.#call(method, params, context, identify, admit);
  }

  async #call(
    method: Exclude<CallMethod, 'tools/call'>,
    params: CallParameters,
    context: MessageContext,
    identify: IdentifyClient,
    admit: Admit,
  ): Promise<unknown> {
    const served = await admit(method, params, context);
    const { primitive, caller } = served.authorized;
    switch (method) {
      case 'prompts/get':
        if (primitive?.kind !== 'prompt')
          throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt: ${params.name ?? ''}`);
        break;
      case 'resources/read':
        if (!primitive) throw new ResourceNotFoundError(params.uri ?? '');
        break;
      case 'completion/complete':
        if (!primitive)
          throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There are no completions for that name');
        break;
    }
    const outcome = await tellDenials(() => this.#run(served, primitive, context, identify));
    if (method !== 'resources/read') return outcome;
    // A method may have said otherwise.
    const isShared = 'cacheScope' in outcome && outcome.cacheScope === 'public';
    const mayBeShared = primitive.access.anonymous || caller === undefined;
    return isShared && !mayBeShared ? { ...outcome, cacheScope: 'private' } : outcome;
  }

  /** Reports a denial, and a limit that the call meets, as its result. Over HTTP a limit becomes the answer if that has not begun. */
  async #callTool(
    params: CallParameters,
    context: MessageContext,
    identify: IdentifyClient,
    admit: Admit,
  ): Promise<unknown> {
    let served: AuthorizedRequest | undefined;
    try {
      const request = (served = await admit('tools/call', params, context));
      const { authorized } = request;
      const { primitive, operation } = authorized;
      if (primitive?.kind !== 'tool') {
        if (operation?.through !== undefined) return toUnknownOperation();
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name ?? ''}`);
      }
      const run = (over: MessageContext, lease: Lease) =>
        tellDenials(() => this.#run(request, primitive, over, identify, lease));
      const task = this.tasks.begin(primitive, authorized, readArguments(operation, request.body), context, run);
      return await (task ?? this.#run(request, primitive, context, identify));
    } catch (error) {
      if (!served || !(error instanceof LimitError)) return tellRefusal(error);
      served.trace.fail(error.code);
      served.limit = error;
      return toLimitResult(error);
    }
  }

  /** @param ofTask - what a task takes of the share of its caller. It goes on when the request is over */
  async #run(
    served: AuthorizedRequest,
    primitive: Primitive,
    context: MessageContext,
    identify: IdentifyClient,
    ofTask?: Lease,
  ): Promise<Outcome> {
    const { authorized, trace, scheme, failure, access, body } = served;
    const { caller, scopes } = authorized;
    // Over HTTP the call is counted before it is dispatched.
    const taken = ofTask ?? served.lease;
    const lease = taken ?? this.#take(served, primitive);
    const running = this.runner.run(authorized, primitive, {
      trace,
      context,
      identify,
      body,
      failure,
      access,
      lease,
      show: served.show,
      interruption: ofTask ? undefined : served.interruption,
      challenge: (remedy) => {
        const challenge = caller && this.challenges.createDownstreamChallenge(caller, scheme, [remedy], scopes);
        // A client that acts for itself has no user who could sign in.
        if (!caller?.appOnly) served.challenge = challenge;
        return challenge?.challenge;
      },
    });
    try {
      return await running;
    } catch (error) {
      if (error instanceof AccessDeniedError && error.reason === 'insufficient_scope')
        served.challenge = caller && this.challenges.createAccessChallenge(caller, scheme, error);
      if (error instanceof InvalidTokenError) {
        served.challenge = this.challenges.createTokenChallenge({ scheme, primitive }, error.code, error.message);
        throw toChallengeError(served.challenge);
      }
      if (error instanceof ThrottledError) {
        if (ofTask) return toLimitResult(error);
        if (primitive.kind === 'tool') throw error;
        served.limit = error;
        throw toLimitError(error);
      }
      throw error;
    } finally {
      if (!taken) lease?.release();
    }
  }

  #take(served: AuthorizedRequest, primitive: Primitive): Lease | undefined {
    try {
      return this.shares.take(served);
    } catch (error) {
      throw error instanceof LimitError && primitive.kind !== 'tool' ? toLimitError(error) : error;
    }
  }
}

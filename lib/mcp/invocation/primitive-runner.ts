import { HttpException, Injectable, Logger } from '@nestjs/common';
import {
  inputRequired,
  isInputRequiredResult,
  type CallToolResult,
  type CompleteResult,
  type GetPromptResult,
  type InputRequiredResult,
  type ProtocolError,
  type ReadResourceResult,
  type Resource,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { AuthorizedOperation } from '../../resource-server/authorization/authorized-operation.js';
import { Policies } from '../../resource-server/authorization/policies.js';
import { Denial } from '../../resource-server/access/policy.js';
import type { CompletionRequest, Operation } from '../../resource-server/access/operation.js';
import type { MethodHost, Primitive, ResourceTemplateDefinition } from '../../resource-server/catalogue/primitive.js';
import type { CompletionValues } from '../../resource-server/decorators/mcp-completion.decorator.js';
import {
  CallerActionError,
  downstreamErrorIn,
  type ChallengeRemedy,
  type DownstreamError,
} from '../../errors/downstream-error.js';
import { runToolCall } from '../../on-behalf-of/downstream/tool-call.js';
import type { DownstreamAccess } from '../../on-behalf-of/downstream/downstream-access.js';
import { EagerExchange } from '../../on-behalf-of/downstream/eager-exchange.js';
import { CallerAccess } from '../../on-behalf-of/downstream/caller-access.js';
import type { DenialReason } from '../../observability/audit-event.js';
import { AuditLog } from '../../observability/audit-log.js';
import { countDenied } from '../../observability/metrics.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { CallContext } from './call-context.js';
import type { ClientChannel } from './client-channel.js';
import { choicesFor, toCompletionResult } from './completion-result.js';
import { denialResult } from './denial-result.js';
import { elicitPage, pageAnswer, type PageAnswer } from './elicited-page.js';
import { MethodInvoker, type Invocation } from './method-invoker.js';
import { isAnswered, whileOnPage } from './opened-page.js';
import { primitiveFailure } from './primitive-failure.js';
import { toPromptResult } from './prompt-result.js';
import { RequestChannel } from './request-channel.js';
import { bindingOf, RequestStates } from './request-state.js';
import { toResourceResult } from './resource-result.js';
import { CallTimeout, TimedSignal } from './call-timeout.js';
import { ToolError } from './tool-error.js';
import { toolFailure } from './tool-failure.js';
import { errorResult, toToolResult } from './tool-result.js';

const logger = new Logger('McpTool');

/** The request that a call is part of. */
export interface Surroundings {
  readonly trace: RequestTrace;
  readonly context: ServerContext;
  readonly server: Server;
  /** `params` as the client sent them. */
  readonly params: unknown;
  /** Why a downstream cannot be called, if that is known before the call. */
  readonly failure: DownstreamError | undefined;
  /** What the call may reach, as far as that was looked at before it. */
  readonly access: DownstreamAccess | undefined;
  /** Makes a challenge of what the caller lacks, as the answer of HTTP if it has not begun. Tells its text. */
  readonly challenge: (remedy: ChallengeRemedy) => string | undefined;
}

/** Whatever a call can end with. */
export type Outcome = CallToolResult | ReadResourceResult | GetPromptResult | CompleteResult | InputRequiredResult;

/** Runs what is called: asks the policies, calls the method as the caller, and makes a result of whatever comes of it. */
@Injectable()
export class PrimitiveRunner {
  readonly #invocations = new WeakMap<MethodHost, Invocation>();
  readonly #states: RequestStates;
  /** A call that asks its client is audited once. */
  readonly #audited = new WeakSet<AuthorizedOperation>();

  constructor(
    private readonly invoker: MethodInvoker,
    private readonly callers: CallerAccess,
    private readonly eager: EagerExchange,
    private readonly policies: Policies,
    private readonly audit: AuditLog,
    options: ResolvedOptions,
  ) {
    this.#states = new RequestStates(options.replicas.keys, options.requestStateLifetime);
  }

  /** Prepares primitives, so that calls find everything there; once for each. */
  async prepare(primitives: readonly Primitive[]): Promise<void> {
    for (const primitive of primitives) {
      for (const host of hostsOf(primitive)) {
        if (!this.#invocations.has(host)) this.#invocations.set(host, this.invoker.prepare(host));
      }
    }
    await this.policies.prepare(primitives);
  }

  /**
   * @throws ProtocolError where what fails is no tool
   */
  async run(authorized: AuthorizedOperation, primitive: Primitive, surroundings: Surroundings): Promise<Outcome> {
    const { trace, context, server, params } = surroundings;
    const { caller, operation = NO_OPERATION, input, scopes } = authorized;
    const { correlationId } = trace;
    const event = trace.auditContext(caller, operation);
    let final: ProtocolError | undefined;
    const refused = (told: CallToolResult, error: unknown): CallToolResult => {
      if (primitive.kind === 'tool') return told;
      final = primitiveFailure(primitive, operation.name ?? '', error, told);
      throw final;
    };
    const deny = (denial: Denial, reason: DenialReason, policy?: string) => {
      countDenied(reason);
      trace.fail(reason);
      this.audit.record({
        ...event,
        type: 'operation_denied',
        reason,
        scopes,
        ...(policy !== undefined && { policy }),
      });
      return refused(denialResult(denial, correlationId), denial);
    };
    const args = (params as { arguments?: unknown } | undefined)?.arguments;
    const binding = bindingOf(caller, operation, args);
    const state = this.#states.open(context.mcpReq.requestState(), binding);
    const channel = new RequestChannel(context, server, state);
    const answer = pageAnswer(context.mcpReq.inputResponses, state.page);
    const time = new TimedSignal(context.mcpReq.signal, primitive.timeout);
    const { signal } = time;
    try {
      if (caller?.appOnly && !primitive.access.appOnly) return deny(APP_ONLY, 'app_only');
      if ('problems' in input) {
        trace.fail('tool_error');
        const told = errorResult(`Invalid arguments for ${primitive.name}:\n${input.problems.join('\n')}`);
        return refused(told, new HttpException(told, 400));
      }
      const objection = await this.policies.objectionTo(authorized);
      if (objection) return deny(objection.denial, 'policy', objection.policy);
      if (!this.#audited.has(authorized)) this.audit.record({ ...event, type: 'operation_allowed', scopes });
      this.#audited.add(authorized);
      const access = surroundings.access ?? this.callers.onBehalfOf(caller, event);
      const failure = await this.#stillMissing(primitive, access, surroundings, answer, signal);
      if (failure) throw failure;
      const call = { tool: primitive.name, caller, downstreams: primitive.downstreams, access, signal };
      const callContext = new CallContext({ caller, correlationId, signal, operation, channel, input: input.value });
      const running = runToolCall(call, () => this.#invoke(primitive, operation, callContext, input.value));
      const result = await resultOf(
        primitive.timeout === undefined ? await running : await time.race(running),
        primitive,
        operation,
      );
      // What a method does after it had to ask counts no more.
      if (channel.questions) return this.#asking(channel, binding, {});
      if (isInputRequiredResult(result)) return this.#asking(channel, binding, result);
      if ('isError' in result && result.isError) trace.fail('tool_error');
      return result;
    } catch (error) {
      if (error === final) throw error;
      if (channel.questions && !signal.aborted) return this.#asking(channel, binding, {});
      if (signal.aborted && !(signal.reason instanceof CallTimeout)) {
        // Nobody waits for the answer any more.
        trace.fail('cancelled');
        logger.debug(`${primitive.name} was cancelled [${correlationId}]`);
        return refused(errorResult('The call was cancelled.'), error);
      }
      trace.fail(signal.aborted ? 'timeout' : 'tool_error');
      const failure = toldOf(signal.aborted ? signal.reason : error);
      const told = await this.#failed(primitive, operation, failure, surroundings, channel, answer, binding);
      return isInputRequiredResult(told) ? told : refused(told, failure);
    } finally {
      time.release();
    }
  }

  /** The resources of a template that there are for a caller; none where they cannot be told. */
  async list(
    template: ResourceTemplateDefinition,
    { caller }: Pick<AuthorizedOperation, 'caller'>,
    { trace, context, server }: Pick<Surroundings, 'trace' | 'context' | 'server'>,
  ): Promise<readonly Resource[]> {
    const invoke = template.list && this.#invocations.get(template.list.host);
    if (!invoke) return [];
    const operation = { method: 'resources/list', name: template.name };
    const access = this.callers.onBehalfOf(caller, trace.auditContext(caller, operation));
    const { signal } = context.mcpReq;
    const channel = new RequestChannel(context, server, { expiresAt: 0, answers: {}, asked: {}, done: {} });
    const call = { tool: template.name, caller, downstreams: template.downstreams, access, signal };
    const { correlationId } = trace;
    const callContext = new CallContext({ caller, correlationId, signal, operation, channel, input: {} });
    try {
      return (await runToolCall(call, () => invoke(callContext, {}))) as readonly Resource[];
    } catch (error) {
      toolFailure(template.name, toldOf(error), correlationId);
      return [];
    }
  }

  async #invoke(primitive: Primitive, { method }: Operation, context: CallContext, input: unknown): Promise<unknown> {
    let { host } = primitive;
    if (method === 'completion/complete') {
      const request = input as CompletionRequest;
      const companion = 'completions' in primitive ? primitive.completions.get(request.argument) : undefined;
      if (!companion) return choicesFor(primitive, request);
      ({ host } = companion);
    }
    const invoke = this.#invocations.get(host);
    if (!invoke) throw new Error(`${primitive.name} is not prepared`);
    return await invoke(context, input);
  }

  /** Ends a call with questions, and with what it has to remember until they are answered. */
  #asking(channel: RequestChannel, binding: string, own: Partial<InputRequiredResult>): InputRequiredResult {
    const inputRequests = { ...own.inputRequests, ...channel.questions };
    const { requestState } = own;
    return inputRequired({
      ...(Object.keys(inputRequests).length > 0 && { inputRequests }),
      requestState: this.#states.seal(
        { ...channel.next, ...(requestState !== undefined && { own: requestState }) },
        binding,
      ),
    });
  }

  /** Why the call cannot be made, once the user is done with a page that the client has opened. */
  async #stillMissing(
    primitive: Primitive,
    access: DownstreamAccess,
    { failure }: Surroundings,
    answer: PageAnswer | undefined,
    signal: AbortSignal,
  ): Promise<DownstreamError | undefined> {
    if (!failure || !answer?.isOpen || !isAnswered(failure, answer)) return failure;
    return await whileOnPage(failure, async () => (await this.eager.failures(access, primitive))[0], signal);
  }

  /** @throws UrlElicitationRequiredError where that is how the client is told of a page */
  async #failed(
    { name }: Primitive,
    operation: Operation,
    error: unknown,
    { challenge, trace: { correlationId } }: Surroundings,
    channel: RequestChannel,
    answer: PageAnswer | undefined,
    binding: string,
  ): Promise<CallToolResult | InputRequiredResult> {
    if (!(error instanceof CallerActionError) || !error.remedy) return toolFailure(name, error, correlationId);
    const { remedy, downstream } = error;
    if ('challenge' in remedy) return toolFailure(name, error, correlationId, { challenge: challenge(remedy) });
    let url: string;
    try {
      url = await remedy.page();
    } catch (failure) {
      return toolFailure(name, failure, correlationId);
    }
    const page = { url, message: remedy.message };
    const isAskable = operation.method !== 'completion/complete' && opensPages(channel);
    if (!isAskable || isAnswered(error, answer)) return toolFailure(name, error, correlationId, { page });
    const state = { ...channel.next, ...(downstream !== undefined && { page: downstream }) };
    return elicitPage(page, channel.client.era, this.#states.seal(state, binding));
  }
}

const NO_OPERATION: Operation = { method: '', name: undefined };

function opensPages({ client }: ClientChannel): boolean {
  return client.capabilities.elicitation?.url !== undefined;
}

async function resultOf(value: unknown, primitive: Primitive, { method, name }: Operation): Promise<Outcome> {
  if (method === 'completion/complete') return toCompletionResult(value as CompletionValues);
  if (isInputRequiredResult(value)) return value;
  switch (primitive.kind) {
    case 'tool':
      return await toToolResult(value, primitive.output);
    case 'prompt':
      return toPromptResult(value, primitive);
    default:
      return toResourceResult(value, name ?? '', primitive);
  }
}

/** Methods that belong to a primitive. */
function hostsOf(primitive: Primitive): readonly MethodHost[] {
  const completions = 'completions' in primitive ? [...primitive.completions.values()] : [];
  const list = primitive.kind === 'resourceTemplate' && primitive.list ? [primitive.list] : [];
  return [primitive, ...completions, ...list].map(({ host }) => host);
}

/** What an HTTP client has wrapped says who can do something about it; what was written to be read stays as it is. */
function toldOf(error: unknown): unknown {
  if (error instanceof ToolError || error instanceof HttpException) return error;
  return downstreamErrorIn(error) ?? error;
}

const APP_ONLY = new Denial('This tool acts for a user, and the token stands for none.', 'unavailable');

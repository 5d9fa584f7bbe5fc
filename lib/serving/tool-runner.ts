import { HttpException, Inject, Injectable, Logger } from '@nestjs/common';
import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server';
import type { AuthorizedOperation } from '../authorization/authorized-operation.js';
import { Policies } from '../authorization/policies.js';
import { Denial } from '../authorization/policy.js';
import { ToolCatalogue } from '../catalogue/tool-catalogue.js';
import type { ToolDefinition } from '../catalogue/tool-definition.js';
import {
  CallerActionError,
  downstreamErrorIn,
  type ChallengeRemedy,
  type DownstreamError,
} from '../downstream/downstream-error.js';
import { runToolCall, type DownstreamAccess } from '../downstream/tool-call.js';
import { EagerExchange } from '../exchange/eager-exchange.js';
import { TokenExchange } from '../exchange/token-exchange.js';
import type { DenialReason } from '../observability/audit-event.js';
import { AuditLog } from '../observability/audit-log.js';
import { countDenied } from '../observability/metrics.js';
import type { RequestTrace } from '../observability/request-trace.js';
import { denialResult } from './denial-result.js';
import { elicitPage, type PageAnswer } from './elicited-page.js';
import { isAnswered, whileOnPage } from './opened-page.js';
import { ToolError } from './tool-error.js';
import { toolFailure } from './tool-failure.js';
import { ToolInvoker, type ToolInvocation } from './tool-invoker.js';
import { errorResult, toToolResult } from './tool-result.js';

const logger = new Logger('McpTool');

/** The request that a call is part of. */
interface Surroundings {
  readonly trace: RequestTrace;
  readonly signal: AbortSignal;
  /** Why a downstream of the tool cannot be called, if that is known before the call. */
  readonly failure: DownstreamError | undefined;
  /** What the tool may reach, as far as that was looked at before the call. */
  readonly access: DownstreamAccess | undefined;
  /** How the client's user can be sent to a page, if at all. */
  readonly pages: 'modern' | 'legacy' | undefined;
  /** What the user said to such a page, where the client has been asked to open one. */
  readonly answer: PageAnswer | undefined;
  /** Makes a challenge of what the caller lacks, as the answer of HTTP if it has not begun. Tells its text. */
  readonly challenge: (remedy: ChallengeRemedy) => string | undefined;
}

/** Runs a tool: asks the policies, calls the method as the caller, and makes a result of whatever comes of it. */
@Injectable()
export class ToolRunner {
  #invocations: ReadonlyMap<ToolDefinition, ToolInvocation> = new Map();

  constructor(
    @Inject(ToolCatalogue) private readonly catalogue: ToolCatalogue,
    @Inject(ToolInvoker) private readonly invoker: ToolInvoker,
    @Inject(TokenExchange) private readonly exchange: TokenExchange,
    @Inject(EagerExchange) private readonly eager: EagerExchange,
    @Inject(Policies) private readonly policies: Policies,
    @Inject(AuditLog) private readonly audit: AuditLog,
  ) {}

  /** Prepares every tool of the catalogue; once, at boot. */
  async prepare(): Promise<void> {
    const tools = [...this.catalogue.tools];
    this.#invocations = new Map(tools.map((tool) => [tool, this.invoker.prepare(tool)]));
    await this.policies.prepare(tools);
  }

  async run(
    authorized: AuthorizedOperation,
    tool: ToolDefinition,
    surroundings: Surroundings,
  ): Promise<CallToolResult | InputRequiredResult> {
    const { trace, signal } = surroundings;
    const { caller, operation, input, scopes } = authorized;
    const { correlationId } = trace;
    const event = trace.auditContext(caller, operation);
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
      return denialResult(denial, correlationId);
    };
    try {
      if (caller?.appOnly && !tool.access.appOnly) return deny(APP_ONLY, 'app_only');
      if ('problems' in input) {
        trace.fail('tool_error');
        return errorResult(`Invalid arguments for ${tool.name}:\n${input.problems.join('\n')}`);
      }
      const objection = await this.policies.objectionTo(authorized);
      if (objection) return deny(objection.denial, 'policy', objection.policy);
      this.audit.record({ ...event, type: 'operation_allowed', scopes });
      const invoke = this.#invocations.get(tool);
      if (!invoke) throw new Error(`${tool.name} is not prepared`);
      const access = surroundings.access ?? this.exchange.onBehalfOf(caller, event);
      const failure = await this.#stillMissing(tool, access, surroundings);
      if (failure) throw failure;
      const call = { tool: tool.name, caller, downstreams: tool.downstreams, access, signal };
      const context = { caller, correlationId, signal };
      const result = await toToolResult(await runToolCall(call, () => invoke(context, input.value)), tool.output);
      if (result.isError) trace.fail('tool_error');
      return result;
    } catch (error) {
      if (signal.aborted) {
        // Nobody waits for the answer any more.
        trace.fail('cancelled');
        logger.debug(`${tool.name} was cancelled [${correlationId}]`);
        return errorResult('The call was cancelled.');
      }
      trace.fail('tool_error');
      return await failed(tool.name, toldOf(error), correlationId, surroundings);
    }
  }

  /** Why the tool cannot be called, once the user is done with a page that the client has opened. */
  async #stillMissing(
    tool: ToolDefinition,
    access: DownstreamAccess,
    { failure, answer, signal }: Surroundings,
  ): Promise<DownstreamError | undefined> {
    if (!failure || !answer?.isOpen || !isAnswered(failure, answer)) return failure;
    return await whileOnPage(failure, async () => (await this.eager.failures(access, tool))[0], signal);
  }
}

/** @throws UrlElicitationRequiredError where that is how the client is told of a page */
async function failed(
  tool: string,
  error: unknown,
  correlationId: string,
  { pages, answer, challenge }: Surroundings,
): Promise<CallToolResult | InputRequiredResult> {
  if (!(error instanceof CallerActionError) || !error.remedy) return toolFailure(tool, error, correlationId);
  const { remedy, downstream } = error;
  if ('challenge' in remedy) return toolFailure(tool, error, correlationId, { challenge: challenge(remedy) });
  let url: string;
  try {
    url = await remedy.page();
  } catch (failure) {
    return toolFailure(tool, failure, correlationId);
  }
  const page = { url, message: remedy.message };
  const isElicited = pages && !isAnswered(error, answer);
  return isElicited ? elicitPage(page, pages, downstream) : toolFailure(tool, error, correlationId, { page });
}

/** What an HTTP client has wrapped says who can do something about it; what was written to be read stays as it is. */
function toldOf(error: unknown): unknown {
  if (error instanceof ToolError || error instanceof HttpException) return error;
  return downstreamErrorIn(error) ?? error;
}

const APP_ONLY = new Denial('This tool acts for a user, and the token stands for none.', 'unavailable');

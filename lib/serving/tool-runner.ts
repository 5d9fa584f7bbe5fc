import { Inject, Injectable } from '@nestjs/common';
import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server';
import type { AuthorizedOperation } from '../authorization/authorized-operation.js';
import { Policies } from '../authorization/policies.js';
import { Denial } from '../authorization/policy.js';
import { ToolCatalogue } from '../catalogue/tool-catalogue.js';
import type { ToolDefinition } from '../catalogue/tool-definition.js';
import { CallerActionError, type ChallengeRemedy, type DownstreamError } from '../downstream/downstream-error.js';
import { runToolCall } from '../downstream/tool-call.js';
import { TokenExchange } from '../exchange/token-exchange.js';
import type { DenialReason } from '../observability/audit-event.js';
import { AuditLog } from '../observability/audit-log.js';
import { countDenied } from '../observability/metrics.js';
import type { RequestTrace } from '../observability/request-trace.js';
import { denialResult } from './denial-result.js';
import { elicitPage } from './elicited-page.js';
import { toolFailure } from './tool-failure.js';
import { ToolInvoker, type ToolInvocation } from './tool-invoker.js';
import { errorResult, toToolResult } from './tool-result.js';

/** The request that a call is part of. */
interface Surroundings {
  readonly trace: RequestTrace;
  readonly signal: AbortSignal;
  /** Why a downstream of the tool cannot be called, if that is known before the call. */
  readonly failure: DownstreamError | undefined;
  /** How the client's user can be sent to a page, if at all. */
  readonly pages: 'modern' | 'legacy' | undefined;
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
    const { trace, signal, failure } = surroundings;
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
      const objection =
        operation && (await this.policies.objectionTo(tool, { caller, operation, arguments: input.value }));
      if (objection) return deny(objection.denial, 'policy', objection.policy);
      this.audit.record({ ...event, type: 'operation_allowed', scopes });
      if (failure) throw failure;
      const invoke = this.#invocations.get(tool);
      if (!invoke) throw new Error(`${tool.name} is not prepared`);
      const call = {
        tool: tool.name,
        downstreams: tool.downstreams,
        access: this.exchange.onBehalfOf(caller, event),
        signal,
      };
      const context = { caller, correlationId, signal };
      const result = await toToolResult(await runToolCall(call, () => invoke(context, input.value)), tool.output);
      if (result.isError) trace.fail('tool_error');
      return result;
    } catch (error) {
      trace.fail('tool_error');
      return await failed(tool.name, error, correlationId, surroundings);
    }
  }
}

/** @throws UrlElicitationRequiredError where that is how the client is told of a page */
async function failed(
  tool: string,
  error: unknown,
  correlationId: string,
  { pages, challenge }: Surroundings,
): Promise<CallToolResult | InputRequiredResult> {
  const remedy = error instanceof CallerActionError ? error.remedy : undefined;
  if (!remedy) return toolFailure(tool, error, correlationId);
  if ('challenge' in remedy) return toolFailure(tool, error, correlationId, { challenge: challenge(remedy) });
  const page = { url: await remedy.page(), message: remedy.message };
  return pages ? elicitPage(page, pages) : toolFailure(tool, error, correlationId, { page });
}

const APP_ONLY = new Denial('This tool acts for a user, and the token stands for none.', 'unavailable');

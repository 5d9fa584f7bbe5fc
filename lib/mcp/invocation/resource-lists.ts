import { Injectable } from '@nestjs/common';
import { isSpecType, type Resource } from '@modelcontextprotocol/server';
import type { RequestTrace } from '../../observability/request-trace.js';
import { runToolCall } from '../../on-behalf-of/downstream/tool-call.js';
import { CallerAccess } from '../../on-behalf-of/downstream/caller-access.js';
import type { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import type { ResourceTemplateDefinition } from '../../resource-server/catalogue/primitive.js';
import { CallContext } from './call-context.js';
import type { IdentifyClient } from './client-channel.js';
import { PrimitiveInvocations } from './primitive-invocations.js';
import { RequestChannel } from './request-channel.js';
import { createState } from './request-state.js';
import { findToldError, toFailureResult } from './tool-failure.js';
import { InvalidOutputError } from './tool-result.js';
import { findEnding, type MessageContext } from './message-context.js';

/** The message of a list request. */
export interface ListMessage {
  readonly trace: RequestTrace;
  readonly context: MessageContext;
  readonly identify: IdentifyClient;
  /** What guards and interceptors may see of the HTTP request. */
  readonly shown: object | undefined;
}

/** Lists the resources of templates. */
@Injectable()
export class ResourceLists {
  constructor(
    private readonly invocations: PrimitiveInvocations,
    private readonly callers: CallerAccess,
  ) {}

  /**
   * Lists the resources of a template that a caller may see. Returns none if the list fails.
   *
   * @param authorized - the authorization for the list
   */
  async list(
    { caller, primitive: template, operation }: AuthorizedOperation<ResourceTemplateDefinition>,
    { trace, context, identify, shown }: ListMessage,
  ): Promise<readonly Resource[]> {
    const invocation = template && this.invocations.findList(template);
    if (!invocation || !operation) return [];
    const access = this.callers.openAccess(caller, () => trace.createAuditContext(caller, operation));
    const ending = findEnding(context);
    const channel = new RequestChannel(context, identify, createState());
    const call = { tool: template.name, caller, downstreams: template.downstreams, access, ending };
    const callContext = new CallContext({ caller, trace, ending, operation, channel, input: {}, shown });
    try {
      return toResources(await runToolCall(call, () => invocation.run(callContext, {}, () => Promise.resolve())));
    } catch (error) {
      toFailureResult(template.name, findToldError(error), trace.correlationId);
      return [];
    }
  }
}

/** The resources as their JSON says them. */
function toResources(returned: unknown): readonly Resource[] {
  const resources: unknown = JSON.parse(JSON.stringify(returned ?? null));
  if (Array.isArray(resources) && resources.every(isSpecType.Resource)) return resources;
  throw new InvalidOutputError('It did not return a list of resources');
}

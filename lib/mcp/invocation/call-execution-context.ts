import type { ArgumentsHost } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { StandInResponse } from './stand-in-response.js';

const responses = new WeakMap<McpContext, StandInResponse>();

/** The response that the enhancers of a call find. */
export function getResponse(context: McpContext): StandInResponse {
  const response = responses.get(context) ?? new StandInResponse();
  responses.set(context, response);
  return response;
}

/** A call of MCP for enhancers. Its arguments are the context and the input. Those made for HTTP find a request. */
export class CallExecutionContext extends ExecutionContextHost {
  override switchToHttp(): ReturnType<ArgumentsHost['switchToHttp']> {
    const context = this.getArgByIndex<McpContext>(0);
    return Object.assign(this, {
      getRequest: () => context as never,
      getResponse: () => getResponse(context) as never,
      getNext: () => (() => undefined) as never,
    });
  }
}

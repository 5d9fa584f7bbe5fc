import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { Caller } from '../../resource-server/access/caller.js';
import type { Operation } from '../../resource-server/access/operation.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';

/** A call of MCP as guards, interceptors, filters and decorators of parameters see it, where `getType()` is `'mcp'`. */
export class McpExecutionContext {
  protected constructor(private readonly host: ArgumentsHost) {}

  /**
   * Reads what Nest hands over as a call of MCP.
   *
   * @param host - the `ExecutionContext` of a guard or an interceptor, or the `ArgumentsHost` of a filter
   * @throws TypeError if it is no call of MCP; `isMcp(host)` tells before
   */
  static create(host: ArgumentsHost): McpExecutionContext {
    if (!isMcp(host)) throw new TypeError(`This is no call of MCP, but one of ${host.getType()}`);
    return new McpExecutionContext(host);
  }

  /** The context of the call. */
  getContext(): McpContext {
    return this.host.getArgByIndex<McpContext>(0);
  }

  /** The validated arguments, before pipes. */
  getInput(): unknown {
    return this.host.getArgByIndex<unknown>(1);
  }

  /** Who calls; `undefined` where nobody had to say who they are. */
  getCaller(): Caller | undefined {
    return this.getContext().caller;
  }

  /** What is asked for. */
  getOperation(): Operation {
    return this.getContext().operation;
  }
}

/**
 * Whether a call is one of MCP, for enhancers that also serve HTTP.
 *
 * @param host - the `ExecutionContext` of a guard or an interceptor, or the `ArgumentsHost` of a filter
 */
export function isMcp(host: ArgumentsHost | ExecutionContext): boolean {
  return host.getType<string>() === 'mcp';
}

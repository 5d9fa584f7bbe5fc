import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { Caller } from '../../resource-server/access/caller.js';
import type { Operation } from '../../resource-server/access/operation.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';

/** A call of MCP for guards, interceptors, filters and parameter decorators, where `getType()` is `'mcp'`. */
export class McpExecutionContext {
  protected constructor(private readonly host: ArgumentsHost) {}

  /**
   * Reads the execution context of a call of MCP.
   *
   * @param host - the `ExecutionContext` of a guard or an interceptor, or the `ArgumentsHost` of a filter
   * @throws TypeError if it is not a call of MCP; check with `isMcp(host)` first
   */
  static create(host: ArgumentsHost): McpExecutionContext {
    if (!isMcp(host)) throw new TypeError(`This is not a call of MCP, but one of ${host.getType()}`);
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

  /** The caller; `undefined` if the call is anonymous. */
  getCaller(): Caller | undefined {
    return this.getContext().caller;
  }

  /** The requested operation. */
  getOperation(): Operation {
    return this.getContext().operation;
  }
}

/**
 * Whether a call is a call of MCP. For enhancers that also serve HTTP.
 *
 * @param host - the `ExecutionContext` of a guard or an interceptor, or the `ArgumentsHost` of a filter
 */
export function isMcp(host: ArgumentsHost | ExecutionContext): boolean {
  return host.getType<string>() === 'mcp';
}

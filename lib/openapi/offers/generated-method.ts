import 'reflect-metadata';
import type { DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import { MCP_TOOL, type McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';
import type { McpOperationOptions } from '../declaration/mcp-operation.decorator.js';
import type { OperationArguments } from '../declaration/operation-call.js';
import { toToolSchema } from '../inputs/tool-schema.js';
import { describeEffects } from '../operations/tool-annotations.js';
import { createCall } from './create-call.js';
import type { OfferedOperation } from './offered-operation.js';

type Method = (...args: never[]) => unknown;

/** Makes the method of an operation that nobody curates. */
export function generateMethod(offered: OfferedOperation, client: DownstreamClient): () => unknown {
  const call = createCall(offered, client);
  return declare(async (input: OperationArguments) => call(input), describeTool(offered));
}

/**
 * Makes the method of an operation that the application curates. All decorators of the application's method apply to it.
 *
 * @param handler - the method of the class
 * @param options - what it says in place of the document
 */
export function generateCurated(
  offered: OfferedOperation,
  client: DownstreamClient,
  handler: (...args: unknown[]) => unknown,
  options: McpOperationOptions,
): () => unknown {
  const call = createCall(offered, client);
  const method = function (this: unknown, input: unknown, _context: unknown, ...rest: unknown[]) {
    return handler.apply(this, [input, call, ...rest]);
  };
  for (const key of Reflect.getMetadataKeys(handler) as unknown[])
    Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), method);
  return declare(method, { ...describeTool(offered), ...options });
}

function declare(method: Method, options: McpToolOptions): () => unknown {
  Reflect.defineMetadata(MCP_TOOL, options, method);
  return method;
}

function describeTool({ name, operation, input, scopes, options }: OfferedOperation): McpToolOptions {
  return {
    name,
    description: operation.description ?? operation.summary ?? `${operation.method} ${operation.path}`,
    input: toToolSchema(input.schema),
    annotations: describeEffects(operation),
    downstream: options.downstream,
    ...(scopes && { scopes }),
    ...(options.server !== undefined && { server: options.server }),
  };
}

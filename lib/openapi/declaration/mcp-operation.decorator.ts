import { SetMetadata } from '@nestjs/common';
import type { McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';
import type { OperationCall } from './operation-call.js';

/** What a curated operation says itself. The document says the rest. */
export type McpOperationOptions = Partial<Omit<McpToolOptions, 'downstream' | 'server'>>;

/** The operation that a method takes the place of. */
export interface CuratedOperation {
  /** `operationId`, or method and path: `POST /orders`. */
  readonly operation: string;
  readonly options: McpOperationOptions;
}

export const MCP_OPERATION = 'nestjs-mcp-auth:operation';

/** A method that may carry `@McpOperation`. */
type OperationMethod = (input: never, call: OperationCall, ...rest: never[]) => unknown;

/**
 * Makes a method of a class with {@link McpOpenApi} take the place of an operation. It gets the validated arguments and
 * an {@link OperationCall}, and may change both the arguments and the result.
 *
 * @param operation - its `operationId`, or its method and path: `POST /orders`
 * @param options - what the tool says in place of the document
 */
export function McpOperation(
  operation: string,
  options: McpOperationOptions = {},
): <Method extends OperationMethod>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void {
  return SetMetadata(MCP_OPERATION, { operation, options } satisfies CuratedOperation);
}

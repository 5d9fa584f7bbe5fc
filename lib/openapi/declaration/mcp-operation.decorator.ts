import 'reflect-metadata';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import type { DownstreamName } from '../../options/register.js';
import type { AnswerSettings } from '../answers/answer-options.js';
import type { ArgumentsOf, ArgumentsSchema, ToolSchema } from '../../resource-server/decorators/access-options.js';
import type { FitsOutput, McpToolOptions, ToolMethod } from '../../resource-server/decorators/mcp-tool.decorator.js';

/** What a curated operation says itself. The document says the rest. */
export interface McpOperationOptions<
  Input extends ArgumentsSchema = ArgumentsSchema,
  Output extends ToolSchema = ToolSchema,
> extends Partial<Omit<McpToolOptions<Input, Output>, 'downstream' | 'server'>> {
  /** Further downstreams that the method itself may call. */
  downstream?: DownstreamName | readonly DownstreamName[];
  /** What becomes of the answers of the call, where it is different from `answers` of {@link McpOpenApi}. */
  answers?: AnswerSettings;
}

/** The operation that a method takes the place of. */
export interface CuratedOperation {
  /** `operationId`, or method and path: `POST /orders`. */
  readonly operation: string;
  readonly options: McpOperationOptions;
}

export const MCP_OPERATION = 'nestjs-mcp-auth:operation';

/** Marks a class that has such a method. To look through the methods of all classes takes long. */
export const HAS_OPERATIONS = 'nestjs-mcp-auth:has-operations';

/** A method that may carry `@McpOperation`. The compiler does not know the document, and takes any input without a schema. */
type OperationMethod<Input extends ArgumentsSchema> =
  unknown extends ArgumentsOf<Input> ? (input: never, ...rest: never[]) => unknown : ToolMethod<Input>;

/**
 * Makes a method of a class with {@link McpOpenApi} take the place of an operation. It gets the validated arguments and
 * an {@link OperationCall}, and may change both the arguments and the result. Decorators of its parameters work as for
 * {@link McpTool}: the call is the second parameter, or the first after it that has no decorator.
 *
 * @param operation - its `operationId`, or its method and path: `POST /orders`
 * @param options - what the tool says in place of the document. With an `input` of its own, the call still takes the
 *   arguments of the operation
 */
export function McpOperation<Input extends ArgumentsSchema, Output extends ToolSchema>(
  operation: string,
  options: McpOperationOptions<Input, Output> = {},
): <Method extends OperationMethod<Input>>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method> & FitsOutput<Method, Output>,
) => void {
  return applyDecorators(
    SetMetadata(MCP_OPERATION, { operation, options: options as McpOperationOptions } satisfies CuratedOperation),
    (target: object) => {
      Reflect.defineMetadata(HAS_OPERATIONS, true, target.constructor);
    },
  );
}

import type { CallToolResult } from '@modelcontextprotocol/server';

/**
 * Calls an operation of the API on behalf of the caller.
 *
 * @typeParam Input - the arguments of the operation, by the names that its input schema has
 */
export interface OperationCall<Input extends object = object> {
  /**
   * Calls it, and makes the result of a tool of the answer.
   *
   * @param input - the arguments of the operation
   * @returns the answer as the result of a tool. A refusal of the arguments has `isError`
   * @throws {@link DownstreamError} if the API cannot be reached, or refuses the caller
   */
  (input: Input): Promise<CallToolResult>;
  /**
   * Calls it.
   *
   * @param input - the arguments of the operation
   * @returns the answer as it came, whatever its status
   * @throws {@link DownstreamError} if the API cannot be reached
   */
  readonly fetch: (input: Input) => Promise<Response>;
  /**
   * Another operation of the same document, whether it is offered or not. The API decides whether the caller may do it:
   * the scopes of its tool are not asked for.
   *
   * @param operation - its `operationId`, or its method and path: `GET /orders/{id}`
   * @typeParam Other - the arguments of that operation
   * @throws Error if the document has no such operation, or several
   */
  readonly operation: <Other extends object = object>(operation: string) => OperationCall<Other>;
}

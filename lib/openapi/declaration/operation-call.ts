import type { CallToolResult } from '@modelcontextprotocol/server';

/** Arguments of an operation, by the names that its input schema has. */
export type OperationArguments = Readonly<Record<string, unknown>>;

/** Calls an operation of the API on behalf of the caller. */
export interface OperationCall {
  /**
   * @param input - the arguments of the operation
   * @returns the answer as the result of a tool. A refusal of the arguments has `isError`
   * @throws {@link DownstreamError} if the API cannot be reached, or refuses the caller
   */
  (input: OperationArguments): Promise<CallToolResult>;
  /**
   * @param input - the arguments of the operation
   * @returns the answer as it came, whatever its status
   * @throws {@link DownstreamError} if the API cannot be reached
   */
  readonly fetch: (input: OperationArguments) => Promise<Response>;
}

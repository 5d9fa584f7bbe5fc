import type { CallToolResult } from '@modelcontextprotocol/client';
import { McpAuthError } from '../errors/mcp-auth-error.js';

/** A tool result as the official client returns it, plus the value that the tool's method returned. */
export type ToolCall<Value> = CallToolResult & {
  /**
   * The value that the method returned: the structured content, or the text if there is none.
   *
   * @throws {@link ToolCallError} if the result is an error
   */
  readonly value: Value;
};

/** A tool answered with `isError`, but a value was expected. */
export class ToolCallError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'tool_error';
}

/** Adds a getter for the value. It is not enumerable, so the value is neither compared nor printed. */
export function toToolCall<Value>(name: string, result: CallToolResult): ToolCall<Value> {
  const readValue = (): unknown => {
    if (result.isError) throw new ToolCallError(`${name} answered with an error: ${readText(result)}`);
    if (result.structuredContent !== undefined) return result.structuredContent;
    return result.content.length === 0 ? undefined : readText(result);
  };
  return Object.defineProperty(result, 'value', { get: readValue, enumerable: false }) as ToolCall<Value>;
}

/** Joins all texts of a result. */
export function readText({ content }: CallToolResult): string {
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}

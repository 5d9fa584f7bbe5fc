import type { CallToolResult } from '@modelcontextprotocol/client';
import { McpAuthError } from '../errors/mcp-auth-error.js';

/** The result of a tool as the official client has it, and its value as the tool's method returned it. */
export type ToolCall<Value> = CallToolResult & {
  /**
   * What the method returned: the structured content, or the text where there is none.
   *
   * @throws {@link ToolCallError} if the result is an error
   */
  readonly value: Value;
};

/** A tool answered with `isError`, where a value was expected. */
export class ToolCallError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'tool_error';
}

/** Adds the value to a result, where it is read but not compared or printed. */
export function toToolCall<Value>(name: string, result: CallToolResult): ToolCall<Value> {
  const readValue = (): unknown => {
    if (result.isError) throw new ToolCallError(`${name} answered with an error: ${readText(result)}`);
    if (result.structuredContent !== undefined) return result.structuredContent;
    return result.content.length === 0 ? undefined : readText(result);
  };
  return Object.defineProperty(result, 'value', { get: readValue, enumerable: false }) as ToolCall<Value>;
}

/** Every text of a result. */
export function readText({ content }: CallToolResult): string {
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}

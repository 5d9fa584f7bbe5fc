import type { CallToolResult } from '@modelcontextprotocol/server';
import type { ToolSchema } from '../decorators/mcp-tool.decorator.js';

/** A method returned something that its own `output` schema does not allow. */
export class InvalidOutputError extends Error {
  override readonly name = 'InvalidOutputError';
}

/**
 * Makes a tool's result of what its method returned.
 *
 * @throws {@link InvalidOutputError} if there is an output schema and the value does not fit it
 */
export async function toToolResult(value: unknown, output: ToolSchema | undefined): Promise<CallToolResult> {
  if (isToolResult(value)) return value;
  if (!output) return unvalidated(value);
  const result = await output['~standard'].validate(value);
  if (result.issues) throw new InvalidOutputError(result.issues.map(({ message }) => message).join('; '));
  return structured(result.value as object);
}

/** An `isError` result, which the model sees and can act on (MCP specification, tools, error handling). */
export function errorResult(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

function unvalidated(value: unknown): CallToolResult {
  if (value === undefined || value === null) return { content: [] };
  if (typeof value === 'string') return { content: [{ type: 'text', text: value }] };
  if (typeof value === 'object' && !Array.isArray(value)) return structured(value);
  // Structured content is an object; an array or a number of its own goes as text alone.
  return { content: [{ type: 'text', text: JSON.stringify(value) }] };
}

function structured(value: object): CallToolResult {
  const text = JSON.stringify(value);
  return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) as Record<string, unknown> };
}

function isToolResult(value: unknown): value is CallToolResult {
  if (typeof value !== 'object' || value === null || !('content' in value) || !Array.isArray(value.content))
    return false;
  return value.content.every((block: unknown) => typeof block === 'object' && block !== null && 'type' in block);
}

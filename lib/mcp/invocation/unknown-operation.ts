import type { CallToolResult } from '@modelcontextprotocol/server';
import { toErrorResult } from './tool-result.js';

/** The answer to whoever names an operation that does not exist, or that the caller may not see. */
export function toUnknownOperation(): CallToolResult {
  return toErrorResult('There is no operation of that name. Find one with find_operations, and use its name as it is.');
}

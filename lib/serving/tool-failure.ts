import { HttpException, Logger } from '@nestjs/common';
import type { CallToolResult } from '@modelcontextprotocol/server';
import { DownstreamError } from '../downstream/downstream-error.js';
import { ToolError } from './tool-error.js';
import { errorResult } from './tool-result.js';

const logger = new Logger('McpTool');

/**
 * Makes a tool's result of what its method threw, and logs the rest. The result has only what was written to be read
 * by clients: a `ToolError`, a 4xx `HttpException` as on any controller, the advice of a `DownstreamError`.
 *
 * @param reference - correlation id of the request, which result and log have in common
 */
export function toolFailure(tool: string, error: unknown, reference: string): CallToolResult {
  if (error instanceof ToolError) return errorResult(error.message);
  if (error instanceof HttpException && error.getStatus() < 500) return errorResult(error.message);
  const advice = error instanceof DownstreamError ? error.advice : undefined;
  const line = `${tool} failed [${reference}] ${traceOf(error)}`;
  // What an API says of its caller's request, such as "not found", is no fault of this server.
  if (error instanceof DownstreamError && error.status !== undefined && error.status < 500) logger.warn(line);
  else logger.error(line);
  return errorResult(
    `${advice ?? `${tool} failed, for a reason that is not shown here.`} Reference for support: ${reference}`,
  );
}

/** Causes may go in circles. */
const MAX_CAUSES = 8;

/** The stacks of an error and of its causes. Their properties stay out: those of HTTP clients hold headers. */
function traceOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return `A value was thrown that is no Error: ${typeof error}`;
  try {
    const code = 'code' in error && typeof error.code === 'string' ? `(${error.code}) ` : '';
    const cause =
      error.cause === undefined || depth === MAX_CAUSES ? '' : `\nCaused by: ${traceOf(error.cause, depth + 1)}`;
    return `${code}${error.stack ?? error.message}${cause}`;
  } catch {
    return 'An error was thrown that cannot be read';
  }
}

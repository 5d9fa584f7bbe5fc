import { Logger } from '@nestjs/common';
import {
  OperatorActionError,
  TemporaryFailureError,
  CallerActionError,
  DownstreamError,
} from '../errors/downstream-error.js';

const logger = new Logger('McpTool');

/** Tells the log what a tool, or a token for it, failed with. What the caller can do something about is a warning. */
export function logFailure(tool: string, error: unknown, reference: string): void {
  const line = `${tool} failed [${reference}] ${formatTrace(error)}`;
  if (isCallersAffair(error)) logger.warn(line);
  else logger.error(line);
}

/** What an API or the provider says of its caller, such as "not found", is no fault of this server. */
function isCallersAffair(error: unknown): boolean {
  if (error instanceof OperatorActionError || error instanceof TemporaryFailureError) return false;
  if (error instanceof CallerActionError) return true;
  return error instanceof DownstreamError && error.status !== undefined && error.status < 500;
}

/** Causes may go in circles. */
const MAX_CAUSES = 8;

/** The stacks of an error and of its causes. Their properties stay out: those of HTTP clients hold headers. */
function formatTrace(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return `A value was thrown that is no Error: ${typeof error}`;
  try {
    const code = 'code' in error && typeof error.code === 'string' ? `(${error.code}) ` : '';
    const cause =
      error.cause === undefined || depth === MAX_CAUSES ? '' : `\nCaused by: ${formatTrace(error.cause, depth + 1)}`;
    return `${code}${error.stack ?? error.message}${cause}`;
  } catch {
    return 'An error was thrown that cannot be read';
  }
}

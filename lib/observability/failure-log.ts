import { Logger } from '@nestjs/common';
import {
  OperatorActionError,
  TemporaryFailureError,
  CallerActionError,
  DownstreamError,
} from '../errors/downstream-error.js';

const logger = new Logger('McpTool');

/** Logs the failure of a tool, or of a token for it. A failure that the caller can solve is a warning. */
export function logFailure(tool: string, error: unknown, reference: string): void {
  const line = `${tool} failed [${reference}] ${formatTrace(error)}`;
  if (isCallersAffair(error)) logger.warn(line);
  else logger.error(line);
}

/** An answer of an API or provider about its caller, such as "not found", is no fault of this server. */
function isCallersAffair(error: unknown): boolean {
  if (error instanceof OperatorActionError || error instanceof TemporaryFailureError) return false;
  if (error instanceof CallerActionError) return true;
  return error instanceof DownstreamError && error.status !== undefined && error.status < 500;
}

/** Causes may be circular. */
const MAX_CAUSES = 8;

/** The stacks of an error and of its causes. Other properties are left out: those of HTTP clients hold headers. */
function formatTrace(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return `A value was thrown that is not an Error: ${typeof error}`;
  try {
    const code = 'code' in error && typeof error.code === 'string' ? `(${error.code}) ` : '';
    const cause =
      error.cause === undefined || depth === MAX_CAUSES ? '' : `\nCaused by: ${formatTrace(error.cause, depth + 1)}`;
    return `${code}${error.stack ?? error.message}${cause}`;
  } catch {
    return 'An error was thrown that cannot be read';
  }
}

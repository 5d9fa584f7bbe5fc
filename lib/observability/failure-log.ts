import { linkToError } from '../errors/documentation.js';
import {
  OperatorActionError,
  TemporaryFailureError,
  CallerActionError,
  DownstreamError,
} from '../errors/downstream-error.js';
import { CleanLogger } from '../log/clean-logger.js';

const logger = new CleanLogger('McpTool');

/**
 * Logs the failure of a tool, or of a token for it, on one line; its stack comes once in a while for each kind. A failure
 * that the caller can solve is a warning. Requests that were not even sent, because an API is left alone or too many wait
 * for it, are counted.
 */
export function logFailure(tool: string, error: unknown, reference: string): void {
  if (error instanceof TemporaryFailureError && error.code === 'downstream_overloaded') {
    const line = `${tool} failed (${error.code}) ${error.message}. See ${linkToError(error.code)}`;
    logger.sum('error', line, line);
    return;
  }
  const line = `${tool} failed [${reference}]`;
  if (isCallersAffair(error)) logger.warn(line, error);
  else logger.error(line, error);
}

/** An answer of an API or provider about its caller, such as "not found", is no fault of this server. */
function isCallersAffair(error: unknown): boolean {
  if (error instanceof OperatorActionError || error instanceof TemporaryFailureError) return false;
  if (error instanceof CallerActionError) return true;
  return error instanceof DownstreamError && error.status !== undefined && error.status < 500;
}

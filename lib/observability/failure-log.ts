import {
  OperatorActionError,
  TemporaryFailureError,
  CallerActionError,
  DownstreamError,
} from '../errors/downstream-error.js';
import { CleanLogger } from '../log/clean-logger.js';

const logger = new CleanLogger('McpTool');

/** Logs the failure of a tool, or of a token for it. A failure that the caller can solve is a warning. */
export function logFailure(tool: string, error: unknown, reference: string): void {
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

import { HttpException } from '@nestjs/common';
import type { CallToolResult } from '@modelcontextprotocol/server';
import { Denial } from '../../resource-server/access/policy.js';
import {
  CallerActionError,
  DownstreamError,
  TemporaryFailureError,
  findDownstreamError,
} from '../../errors/downstream-error.js';
import { toDenialResult } from './denial-result.js';
import type { ElicitedPage } from './elicited-page.js';
import { ToolError } from './tool-error.js';
import { toErrorResult } from './tool-result.js';
import { logFailure } from '../../observability/failure-log.js';

/** A remedy in the words that a result has for it. */
export interface ToldRemedy {
  readonly page?: ElicitedPage | undefined;
  /** Value of a `WWW-Authenticate` header. */
  readonly challenge?: string | undefined;
}

/**
 * Makes a tool's result of what its method threw, and logs the rest. The result has only what was written to be read
 * by clients: a `ToolError`, a 4xx `HttpException` as on any controller, the advice of a `DownstreamError`.
 *
 * @param reference - correlation id of the request, which result and log have in common
 * @param told - how the caller can mend it, for the result
 */
export function toFailureResult(
  tool: string,
  error: unknown,
  reference: string,
  told: ToldRemedy = {},
): CallToolResult {
  if (error instanceof ToolError) return toErrorResult(error.message);
  if (error instanceof HttpException && error.getStatus() < 500) return toErrorResult(error.message);
  logFailure(tool, error, reference);
  const advice =
    (error instanceof DownstreamError ? error.advice : undefined) ??
    `${tool} failed, for a reason that is not shown here.`;
  if (error instanceof CallerActionError) return toCallerActionResult(error, advice, told, reference);
  const result = toErrorResult(`${advice} Reference for support: ${reference}`);
  return error instanceof TemporaryFailureError ? { ...result, _meta: { [RETRY]: describeRetry(error) } } : result;
}

/** Key of what passes in `_meta`, for clients and agents that try again by themselves. */
const RETRY = 'nestjs-mcp-auth/retry';

function describeRetry({ retryAfterMs }: TemporaryFailureError) {
  return { retryable: true, ...(retryAfterMs !== undefined && { retryAfterMs: Math.ceil(retryAfterMs) }) };
}

/** SEP-2643: what the challenge or the page would have said, for clients that get to see neither. */
function toCallerActionResult(
  { code }: CallerActionError,
  advice: string,
  { page, challenge }: ToldRemedy,
  reference: string,
): CallToolResult {
  if (page) {
    const hints = [{ type: 'url', url: page.url }];
    return toDenialResult(new Denial(`${advice} ${page.message} Open ${page.url}`, 'available', hints), reference);
  }
  if (challenge !== undefined) {
    const hints = [{ type: 'authorization_remediation', www_authenticate: challenge }];
    return toDenialResult(new Denial(advice, 'available', hints), reference);
  }
  return toDenialResult(new Denial(advice, code === 'caller_without_user' ? 'unavailable' : 'undisclosed'), reference);
}

/** What an HTTP client has wrapped says who can do something about it; what was written to be read stays as it is. */
export function findToldError(error: unknown): unknown {
  if (error instanceof ToolError || error instanceof HttpException) return error;
  return findDownstreamError(error) ?? error;
}

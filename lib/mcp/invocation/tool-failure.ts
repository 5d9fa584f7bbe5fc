import { HttpException } from '@nestjs/common';
import type { CallToolResult } from '@modelcontextprotocol/server';
import { Denial } from '../../resource-server/access/policy.js';
import {
  CallerActionError,
  DownstreamError,
  TemporaryFailureError,
  findDownstreamError,
} from '../../errors/downstream-error.js';
import { LimitError } from '../../errors/limit-error.js';
import { toReadable } from '../../errors/reason.js';
import { isToldException } from '../../errors/told-exception.js';
import { toDenialResult } from './denial-result.js';
import type { ElicitedPage } from './elicited-page.js';
import { ToolError } from './tool-error.js';
import { toErrorResult } from './tool-result.js';
import { logFailure } from '../../observability/failure-log.js';

/** A remedy in the form that a result has for it. */
export interface ToldRemedy {
  readonly page?: ElicitedPage | undefined;
  /** Value of a `WWW-Authenticate` header. */
  readonly challenge?: string | undefined;
}

/**
 * Turns what a method threw into the result of a tool, and logs other errors. The result contains only what was
 * written for clients: a `ToolError`, a 4xx `HttpException` as on any controller, a `LimitError`, or the
 * advice of a `DownstreamError`.
 *
 * @param reference - correlation id of the request, in both the result and the log
 * @param told - how the caller can fix the failure
 */
export function toFailureResult(
  tool: string,
  error: unknown,
  reference: string,
  told: ToldRemedy = {},
): CallToolResult {
  if (error instanceof ToolError || isToldException(error)) return toErrorResult(tellMessage(error));
  // What the caller holds is no fault of the tool, and an event of its own.
  if (error instanceof LimitError) return toRetryResult(error.message, error.retryAfterMs);
  logFailure(tool, error, reference);
  const advice =
    (error instanceof DownstreamError ? error.advice : undefined) ??
    `${tool} failed, for a reason that is not shown here.`;
  if (error instanceof CallerActionError) return toCallerActionResult(error, advice, told, reference);
  const text = `${advice} Reference for support: ${reference}`;
  return error instanceof TemporaryFailureError ? toRetryResult(text, error.retryAfterMs) : toErrorResult(text);
}

/** JavaScript lets the message of an error be anything. */
function tellMessage({ message }: { readonly message: unknown }): string {
  return typeof message === 'string' ? message : 'The call failed.';
}

/** Key in `_meta` that marks a temporary failure, for clients and agents that retry by themselves. */
const RETRY = 'nestjs-mcp-auth/retry';

/**
 * A failure that passes.
 *
 * @param retryAfterMs - when to try again, in milliseconds, if known
 */
export function toRetryResult(text: string, retryAfterMs: number | undefined): CallToolResult {
  const retry = { retryable: true, ...(retryAfterMs !== undefined && { retryAfterMs: Math.ceil(retryAfterMs) }) };
  return { ...toErrorResult(text), _meta: { [RETRY]: retry } };
}

/** SEP-2643: repeats the challenge or the page in the result, for clients that see neither. */
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

/**
 * Finds the error to report. An HTTP client may have wrapped a `DownstreamError`. Errors written for clients stay as
 * they are.
 */
export function findToldError(thrown: unknown): unknown {
  const error = toReadable(thrown);
  if (error instanceof ToolError || error instanceof HttpException) return error;
  return findDownstreamError(error) ?? error;
}

import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type CallToolResult,
} from '@modelcontextprotocol/server';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { RateLimitException } from '../../resource-server/rate-limits/rate-limit-exception.js';
import { toDenialResult } from './denial-result.js';
import { toPrimitiveError } from './primitive-failure.js';
import { findToldError, toFailureResult, toRetryResult } from './tool-failure.js';

/**
 * Reports a final denial: as a tool result (SEP-2643), or as an error for other operations.
 *
 * @throws ProtocolError if the operation is not a tool call
 */
function tellDenial(denied: AccessDeniedError): CallToolResult {
  const { operation, primitive, denial, cause, reference } = denied;
  const { method, name = '' } = operation ?? { method: '' };
  const error = denial ?? findToldError(cause);
  const told = denial
    ? toDenialResult(denial, reference)
    : toFailureResult(primitive?.name ?? method, error, reference);
  if (method === 'tools/call') return told;
  // A denial must not reveal whether the resource exists.
  if (method === 'resources/subscribe' || method === 'resources/unsubscribe') throw new ResourceNotFoundError(name);
  throw toPrimitiveError({ kind: primitive?.kind ?? 'tool', name: primitive?.name ?? name }, name, error, told);
}

/**
 * Reports to a caller without HTTP that it has asked too often.
 *
 * @throws ProtocolError if the operation is not a tool call
 */
function tellLimit({ method, message, retryAfterSeconds }: RateLimitException): CallToolResult {
  const text = `${message}. Try again in ${retryAfterSeconds} seconds.`;
  const told = toRetryResult(text, retryAfterSeconds * 1000);
  if (method === 'tools/call') return told;
  throw new ProtocolError(ProtocolErrorCode.InternalError, text, told._meta);
}

/** Runs an operation. If it is denied or too much, returns that as its answer. */
export async function tellDenials<Result>(run: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    return tellRefusal(error) as Result;
  }
}

/**
 * Answers an operation that was denied or too much.
 *
 * @throws ProtocolError if the operation is not a tool call, and the error if it is another one
 */
export function tellRefusal(error: unknown): CallToolResult {
  if (error instanceof AccessDeniedError) return tellDenial(error);
  if (error instanceof RateLimitException) return tellLimit(error);
  throw error;
}

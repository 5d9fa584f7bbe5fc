import { ResourceNotFoundError, type CallToolResult } from '@modelcontextprotocol/server';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { toDenialResult } from './denial-result.js';
import { toPrimitiveError } from './primitive-failure.js';
import { findToldError, toFailureResult } from './tool-failure.js';

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

/** Runs an operation. If it is denied, returns the denial as its answer. */
export async function tellDenials<Result>(run: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AccessDeniedError) return tellDenial(error) as Result;
    throw error;
  }
}

import { ResourceNotFoundError, type CallToolResult } from '@modelcontextprotocol/server';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { toDenialResult } from './denial-result.js';
import { toPrimitiveError } from './primitive-failure.js';
import { findToldError, toFailureResult } from './tool-failure.js';

/**
 * Tells what no other token would mend: as the result of a tool (SEP-2643), and where results cannot say so, as an error.
 *
 * @throws ProtocolError where the operation is no call of a tool
 */
function tellDenial(denied: AccessDeniedError): CallToolResult {
  const { operation, primitive, denial, cause, reference } = denied;
  const { method, name = '' } = operation ?? { method: '' };
  const error = denial ?? findToldError(cause);
  const told = denial ? toDenialResult(denial, reference) : toFailureResult(primitive?.name ?? name, error, reference);
  if (method === 'tools/call') return told;
  // Nobody is told of what they may not read, nor that it is there.
  if (method === 'resources/subscribe' || method === 'resources/unsubscribe') throw new ResourceNotFoundError(name);
  throw toPrimitiveError({ kind: primitive?.kind ?? 'tool', name: primitive?.name ?? name }, name, error, told);
}

/** Does what an operation is for. Where that is denied, the denial becomes its answer. */
export async function tellDenials<Result>(run: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AccessDeniedError) return tellDenial(error) as Result;
    throw error;
  }
}

import { ToolError } from '../../mcp/invocation/tool-error.js';
import type { DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import { toToolAnswer } from '../answers/tool-answer.js';
import type { OperationCall } from '../declaration/operation-call.js';
import { buildRequest, type OperationRequest } from '../requests/operation-request.js';
import { RequestProblem } from '../requests/request-problem.js';
import type { OfferedOperation } from './offered-operation.js';
import type { SiblingOperations } from './sibling-operations.js';

/**
 * Makes the function that calls an operation on behalf of the caller of the running tool.
 *
 * @param siblings - the other operations of its document
 */
export function createCall(
  offered: OfferedOperation,
  client: DownstreamClient,
  siblings: SiblingOperations,
): OperationCall {
  const { operation, options } = offered;
  const fetch = async (input: object): Promise<Response> => {
    const { method, target, headers, body } = build(offered, input);
    return await client.for(options.downstream).fetch(target, { method, headers, ...(body !== undefined && { body }) });
  };
  const call = async (input: object) => toToolAnswer(await fetch(input), { operation, options });
  return Object.assign(call, { fetch, operation: (name: string) => createCall(siblings.find(name), client, siblings) });
}

/** @throws {@link ToolError} if a value cannot be sent where it belongs */
function build({ operation, input }: OfferedOperation, args: object): OperationRequest {
  try {
    return buildRequest(operation, input, args as Readonly<Record<string, unknown>>);
  } catch (error) {
    throw error instanceof RequestProblem ? new ToolError(error.message) : error;
  }
}

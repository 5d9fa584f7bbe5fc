import type { ReadResourceResult } from '@modelcontextprotocol/server';
import { ToolError } from '../../mcp/invocation/tool-error.js';
import { ask, type DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import { createAccept } from '../answers/accept-header.js';
import type { AnswerSettings } from '../answers/answer-options.js';
import { findAnswerSettings } from '../answers/answer-settings.js';
import type { AnsweredOperation } from '../answers/answered-operation.js';
import type { DocumentedRequestInit } from '../../on-behalf-of/downstream/outgoing-request.js';
import { describeOutput, type OutputSchema } from '../answers/output-schema.js';
import { toResourceAnswer } from '../answers/resource-answer.js';
import { getToolCall } from '../../on-behalf-of/downstream/tool-call.js';
import { toToolAnswer } from '../answers/tool-answer.js';
import type { OperationCall } from '../declaration/operation-call.js';
import { fillArguments } from '../inputs/filled-arguments.js';
import { buildRequest, type OperationRequest } from '../requests/operation-request.js';
import { RequestProblem } from '../requests/request-problem.js';
import type { OfferedOperation } from './offered-operation.js';
import type { SiblingOperations } from './sibling-operations.js';

/**
 * Makes the function that calls an operation on behalf of the caller of the running tool.
 *
 * @param siblings - the other operations of its document
 * @param own - what its method says of answers
 */
export function createCall(
  offered: OfferedOperation,
  client: DownstreamClient,
  siblings: SiblingOperations,
  own?: AnswerSettings,
): OperationCall {
  const { operation, document, options } = offered;
  const { downstream } = options;
  const settings = findAnswerSettings(options, operation, own);
  const prepare = createPreparation(offered);
  let described: { readonly output: OutputSchema | undefined } | undefined;
  const fetch = async (input: object): Promise<Response> => client.for(downstream).fetch(...(await prepare(input)));
  const call = async (input: object) => {
    const answered = await ask(client, downstream)(...(await prepare(input)));
    described ??= { output: describeOutput(document, operation, settings) };
    return await toToolAnswer(answered, {
      ...offered,
      args: input as AnsweredOperation['args'],
      settings,
      ...described,
    });
  };
  return Object.assign(call, { fetch, operation: (name: string) => createCall(siblings.find(name), client, siblings) });
}

/** Makes the function that reads an operation as a resource on behalf of the caller. */
export function createRead(
  offered: OfferedOperation,
  client: DownstreamClient,
): (input: object, uri: string) => Promise<ReadResourceResult> {
  const { downstream } = offered.options;
  const settings = findAnswerSettings(offered.options, offered.operation);
  const prepare = createPreparation(offered);
  return async (input, uri) => {
    const answered = await ask(client, downstream)(...(await prepare(input)));
    const args = input as AnsweredOperation['args'];
    const called = { ...offered, args, settings, output: undefined };
    return await toResourceAnswer(answered, called, uri);
  };
}

/** Makes the function that builds requests. It throws a {@link ToolError} if a value cannot be sent where it belongs. */
function createPreparation(
  offered: OfferedOperation,
): (input: object) => Promise<[target: string, init: DocumentedRequestInit]> {
  let accept: string | undefined;
  return async (input) => {
    const call = { caller: getToolCall().caller, operation: offered.operation };
    const args = await fillArguments(offered.input, input as Readonly<Record<string, unknown>>, call);
    const { method, target, headers, cookies, body } = build(offered, args);
    accept ??= createAccept(offered.document, offered.operation);
    return [offered.serverPath + target, { method, headers: { accept, ...headers }, documented: { cookies, body } }];
  };
}

function build({ operation, input }: OfferedOperation, args: Readonly<Record<string, unknown>>): OperationRequest {
  try {
    return buildRequest(operation, input, args);
  } catch (error) {
    throw error instanceof RequestProblem ? new ToolError(error.message) : error;
  }
}

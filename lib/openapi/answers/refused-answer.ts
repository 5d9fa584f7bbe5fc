import type { CallToolResult } from '@modelcontextprotocol/server';
import type { DownstreamError } from '../../errors/downstream-error.js';
import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { toErrorResult } from '../../mcp/invocation/tool-result.js';
import { discard } from '../../on-behalf-of/downstream/downstream-answer.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import { readContent, readMediaType } from './answer-content.js';
import type { AnsweredOperation } from './answered-operation.js';
import { findResponse, findJsonSchema } from './declared-responses.js';
import { listDeclared } from './declared-values.js';
import { listProblemDetails } from './problem-details.js';
import { tellText } from './told-text.js';

/** Bytes of a body that says why a request was refused. */
const MAX_SIZE = 64 * 1024;

/** Lines that a model gets. */
const MAX_LINES = 20;

/** Statuses that are about who calls. Whoever can act is told by the table of failures, and nobody else. */
const ABOUT_CALLERS: ReadonlySet<number | undefined> = new Set([401, 403, 407]);

/**
 * Tells the model what is wrong with its request.
 *
 * @throws {@link DownstreamError} the failure, if the request is not what is wrong
 */
export async function toRefusedResult(
  failure: DownstreamError,
  answered: Answered,
  operation: AnsweredOperation,
): Promise<CallToolResult> {
  return toErrorResult(await describeRefusal(failure, answered, operation));
}

/**
 * Says what is wrong with a request: what the failure means, and what the API says of it in a form that is meant for
 * clients.
 *
 * @throws {@link DownstreamError} the failure, if the request is not what is wrong
 */
export async function describeRefusal(
  failure: DownstreamError,
  answered: Answered,
  operation: AnsweredOperation,
): Promise<string> {
  const { code, status, advice = 'The call failed.' } = failure;
  const isOfRequest = code === 'downstream_status' && status !== undefined && status >= 400 && status < 500;
  if (!isOfRequest || ABOUT_CALLERS.has(status)) {
    discard(answered.answer);
    throw failure;
  }
  const body = await readObject(answered);
  const lines = body ? listHelp(body, status, answered, operation) : [];
  const told = [...new Set(lines)].slice(0, MAX_LINES).flatMap((line) => tellText(line, answered.target.baseUrl) ?? []);
  return [advice, ...told].join('\n');
}

function listHelp(
  body: JsonObject,
  status: number,
  answered: Answered,
  { document, operation }: AnsweredOperation,
): readonly string[] {
  const problem = readMediaType(answered) === 'application/problem+json' ? listProblemDetails(body) : [];
  const response = findResponse(document, operation, status);
  const schema = response && findJsonSchema(document, response);
  return [...problem, ...(schema ? listDeclared(document, schema, body) : [])];
}

/** A body that cannot be read says nothing. */
async function readObject(answered: Answered): Promise<JsonObject | undefined> {
  try {
    const content = await readContent(answered, MAX_SIZE);
    return content.kind === 'json' && isJsonObject(content.value) ? content.value : undefined;
  } catch {
    return undefined;
  }
}

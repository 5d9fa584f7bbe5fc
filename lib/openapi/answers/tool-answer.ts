import type { CallToolResult } from '@modelcontextprotocol/server';
import { isTooDeep } from '../../json/json-depth.js';
import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { ToolError } from '../../mcp/invocation/tool-error.js';
import { NO_BODY } from '../../on-behalf-of/downstream/downstream-answer.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import { findFailure } from '../../on-behalf-of/downstream/json-answer.js';
import { isFile, readContent, readMediaType } from './answer-content.js';
import type { AnsweredOperation } from './answered-operation.js';
import { describeEmpty, readLocation } from './empty-answer.js';
import { toBytesResult, toFileResult } from './file-answer.js';
import { toRefusedResult } from './refused-answer.js';

const logger = new CleanLogger('McpOpenApi');

/** RFC 9110 section 15.4.5: what the caller has is still right. */
const NOT_MODIFIED = 304;

/**
 * Turns the answer of the API into the result of a tool.
 *
 * @throws {@link DownstreamError} for a status that others than the model have to act on, and for an answer that does not
 *   arrive
 * @throws {@link ToolError} for an answer that no tool can return
 */
export async function toToolAnswer(answered: Answered, called: AnsweredOperation): Promise<CallToolResult> {
  const { target, answer } = answered;
  const failure = answer.status === NOT_MODIFIED ? undefined : findFailure(target, answer);
  if (failure) return await toRefusedResult(failure, answered, called);
  if (readMediaType(answered) === 'text/event-stream') {
    answer.body.destroy();
    throw new ToolError(`The ${target.name} API answers with a stream of events, which a tool cannot return.`);
  }
  if (isFile(readMediaType(answered)) && !isBodiless(answered, called)) return await toFileResult(answered, called);
  const content = await readContent(answered);
  if (content.kind === 'none') return toJsonResult(describeEmpty(answered, called.operation.method === 'HEAD'), called);
  if (content.kind === 'json') return withLocation(toJsonResult(wrap(content.value), called), answer);
  if (content.kind === 'file') return toBytesResult(content, answered, called);
  if (content.isFaulty)
    logger.warn(`${called.name}: ${target.name} says that its answer is JSON, and it is not. It is sent as text`);
  return { content: [{ type: 'text', text: content.text }] };
}

/** Whether the answer has no body, whatever its headers say of one (RFC 9110 section 6.4.1). */
function isBodiless({ answer }: Answered, { operation }: AnsweredOperation): boolean {
  return operation.method === 'HEAD' || NO_BODY.includes(answer.status);
}

/** Both eras of MCP take objects as structured content. The older one takes nothing else. */
function wrap(value: unknown): JsonObject {
  return isJsonObject(value) ? value : { result: value };
}

function toJsonResult(value: JsonObject, { settings }: AnsweredOperation): CallToolResult {
  const content: CallToolResult['content'] = [{ type: 'text', text: JSON.stringify(value) }];
  const isStructured = settings.structured !== false && !isTooDeep({ structuredContent: value });
  return isStructured ? { content, structuredContent: value } : { content };
}

/** Where what was made can be found, if the API says it in a header. */
function withLocation(result: CallToolResult, answer: Answered['answer']): CallToolResult {
  const location = readLocation(answer);
  if (location === undefined) return result;
  return { ...result, content: [...result.content, { type: 'text', text: `Location: ${location}` }] };
}

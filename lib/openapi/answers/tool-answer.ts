import type { CallToolResult } from '@modelcontextprotocol/server';
import { DownstreamError } from '../../errors/downstream-error.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { ToolError } from '../../mcp/invocation/tool-error.js';
import { NO_BODY } from '../../on-behalf-of/downstream/downstream-answer.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import { isFile, readContent, readMediaType, type AnswerContent } from './answer-content.js';
import type { AnsweredOperation } from './answered-operation.js';
import { describeEmpty } from './empty-answer.js';
import { toBytesResult, toFileResult } from './file-answer.js';
import { toJsonResult, toTextResult } from './json-result.js';
import { adviseLess } from './paging-advice.js';
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
  const failure = answer.status === NOT_MODIFIED ? undefined : answered.failure;
  if (failure) return await toRefusedResult(failure, answered, called);
  refuseStream(answered);
  if (isFile(readMediaType(answered)) && !isBodiless(answered, called)) return await toFileResult(answered, called);
  const content = await read(answered, called);
  if (content.kind === 'none')
    return await toJsonResult(describeEmpty(answered, called.operation.method === 'HEAD'), answered, called);
  if (content.kind === 'json') return await toJsonResult(content.value, answered, called);
  if (content.kind === 'file') return toBytesResult(content, answered, called);
  if (content.isFaulty)
    logger.warn(`${called.name}: ${target.name} says that its answer is JSON, and it is not. It is sent as text`);
  return await toTextResult(content.text, answered, called);
}

/** Reads an answer. Of one that is too large it says how to get less. */
async function read(answered: Answered, called: AnsweredOperation): Promise<AnswerContent> {
  try {
    return await readContent(answered);
  } catch (error) {
    if (!(error instanceof DownstreamError) || error.code !== 'downstream_body_too_large') throw error;
    const { code, message, advice = '', downstream = '' } = error;
    throw new DownstreamError(code, message, { downstream, advice: `${advice} ${adviseLess(called)}`.trim() });
  }
}

/** @throws {@link ToolError} for a stream of events, which has no end */
export function refuseStream(answered: Answered): void {
  const { target, answer } = answered;
  if (readMediaType(answered) !== 'text/event-stream') return;
  answer.body.destroy();
  throw new ToolError(`The ${target.name} API answers with a stream of events, which is not supported.`);
}

/** Whether the answer has no body, whatever its headers say of one (RFC 9110 section 6.4.1). */
function isBodiless({ answer }: Answered, { operation }: AnsweredOperation): boolean {
  return operation.method === 'HEAD' || NO_BODY.includes(answer.status);
}

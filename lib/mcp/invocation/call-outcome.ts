import {
  isCallToolResult,
  isInputRequiredResult,
  isSpecType,
  type CallToolResult,
  type CompleteResult,
  type GetPromptResult,
  type InputRequiredResult,
  type ReadResourceResult,
} from '@modelcontextprotocol/server';
import type { Operation } from '../../resource-server/access/operation.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import { isTooDeep, MAX_DEPTH } from '../../json/json-depth.js';
import { readMessage } from '../../errors/reason.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { findChange } from './changed-result.js';
import { toPromptResult } from './prompt-result.js';
import { toResourceResult } from './resource-result.js';
import { InvalidOutputError, toTextResult, toToolResult } from './tool-result.js';

/** The result of any call. */
export type Outcome = CallToolResult | ReadResourceResult | GetPromptResult | CompleteResult | InputRequiredResult;

/** The result of any call but a completion. */
type MethodOutcome = Exclude<Outcome, CompleteResult>;

/**
 * Turns what a method returned into the result of its call.
 *
 * @param context - of the call
 * @throws {@link InvalidOutputError} if it has too many levels to be sent, or does not match its schema
 */
export async function toOutcome(
  value: unknown,
  primitive: Primitive,
  operation: Operation,
  context: McpContext,
): Promise<MethodOutcome> {
  try {
    return await toPlainOutcome(value, primitive, operation);
  } catch (error) {
    const change = error instanceof InvalidOutputError ? findChange(context, value) : undefined;
    if (!change || !(await isOutcome(change.value, primitive, operation))) throw error;
    throw new InvalidOutputError(
      `${readMessage(error)}. What the method returned does fit: an interceptor of the application changed it (${change.names}). Have that leave calls of MCP alone: if (isMcp(context)) return next.handle()`,
    );
  }
}

async function isOutcome(value: unknown, primitive: Primitive, operation: Operation): Promise<boolean> {
  return await toPlainOutcome(value, primitive, operation).then(
    () => true,
    () => false,
  );
}

async function toPlainOutcome(value: unknown, primitive: Primitive, operation: Operation): Promise<MethodOutcome> {
  if (typeof value === 'string' && primitive.kind === 'tool' && !primitive.output) return toTextResult(value);
  const outcome = toPlain(await convert(value, primitive, operation), primitive);
  if (isTooDeep(outcome)) throw new InvalidOutputError(`it has more than ${MAX_DEPTH} levels of JSON`);
  return outcome;
}

/**
 * The outcome as its JSON says it. An application may put anything into a result: getters, `toJSON`, values that are no
 * JSON. They are read once, where their failure is one of the method.
 */
function toPlain(outcome: MethodOutcome, { kind }: Primitive): MethodOutcome {
  const text = JSON.stringify(outcome) as string | undefined;
  const plain: unknown = text === undefined ? undefined : JSON.parse(text);
  if (isInputRequiredResult(plain) || IS_RESULT[kind](plain)) return plain;
  throw new InvalidOutputError('what it is as JSON is no result');
}

const IS_RESULT = {
  tool: isCallToolResult,
  prompt: isSpecType.GetPromptResult,
  resource: isSpecType.ReadResourceResult,
  resourceTemplate: isSpecType.ReadResourceResult,
} satisfies Record<Primitive['kind'], (value: unknown) => value is MethodOutcome>;

async function convert(value: unknown, primitive: Primitive, { name }: Operation): Promise<MethodOutcome> {
  if (isInputRequiredResult(value)) return value;
  switch (primitive.kind) {
    case 'tool':
      return await toToolResult(value, primitive.output);
    case 'prompt':
      return toPromptResult(value, primitive);
    default:
      return toResourceResult(value, name ?? '', primitive);
  }
}

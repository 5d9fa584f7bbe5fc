import {
  isInputRequiredResult,
  type CallToolResult,
  type CompleteResult,
  type GetPromptResult,
  type InputRequiredResult,
  type ReadResourceResult,
} from '@modelcontextprotocol/server';
import type { Operation } from '../../resource-server/access/operation.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import { isTooDeep, MAX_DEPTH } from '../../json/json-depth.js';
import { toPromptResult } from './prompt-result.js';
import { toResourceResult } from './resource-result.js';
import { InvalidOutputError, toToolResult } from './tool-result.js';

/** The result of any call. */
export type Outcome = CallToolResult | ReadResourceResult | GetPromptResult | CompleteResult | InputRequiredResult;

/** The result of any call but a completion. */
type MethodOutcome = Exclude<Outcome, CompleteResult>;

/**
 * Turns what a method returned into the result of its call.
 *
 * @throws {@link InvalidOutputError} if it has too many levels to be sent, or does not match its schema
 */
export async function toOutcome(value: unknown, primitive: Primitive, operation: Operation): Promise<MethodOutcome> {
  const outcome = await convert(value, primitive, operation);
  if (isTooDeep(outcome)) throw new InvalidOutputError(`it has more than ${MAX_DEPTH} levels of JSON`);
  return outcome;
}

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

import type { CallToolResult } from '@modelcontextprotocol/server';
import type { AnswerOptions } from './answer-options.js';
import { isJsonObject } from '../../json/json-object.js';
import type { ApiOperation } from '../operations/api-operation.js';

/** What an answer is made from. */
export interface AnsweredOperation {
  readonly operation: ApiOperation;
  readonly options: AnswerOptions;
}

/** Turns the answer of the API into the result of a tool. */
export async function toToolAnswer(response: Response, _answered: AnsweredOperation): Promise<CallToolResult> {
  const text = await response.text();
  const content = text === '' ? [] : [{ type: 'text' as const, text }];
  if (!response.ok) return { content, isError: true };
  if (!response.headers.get('content-type')?.includes('json')) return { content };
  const value: unknown = JSON.parse(text);
  return isJsonObject(value) ? { content, structuredContent: value } : { content };
}

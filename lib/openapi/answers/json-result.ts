import type { CallToolResult } from '@modelcontextprotocol/server';
import { isTooDeep } from '../../json/json-depth.js';
import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import type { AnsweredOperation } from './answered-operation.js';
import { boundJson, boundText } from './bounded-answer.js';
import { readLocation } from './empty-answer.js';
import { findNextPage, hasLink } from './next-link.js';
import { advisePaging } from './paging-advice.js';

/** Characters of a result, unless an option says otherwise. */
const MAX_SIZE = 100_000;

/**
 * Makes a result of JSON: the same as structured content and as text. Both count.
 *
 * @param value - JSON. What is no object becomes `result`: the older era of MCP takes objects only
 */
export function toJsonResult(value: unknown, answered: Answered, called: AnsweredOperation): CallToolResult {
  const { maxSize = MAX_SIZE, structured = true } = called.settings;
  const whole = isJsonObject(value) ? value : { result: value };
  const next = findNextPage(answered.answer, whole, called);
  const isStructured = structured && !isTooDeep({ structuredContent: whole });
  const bounded = boundJson(whole, isStructured ? Math.floor(maxSize / 2) : maxSize, ({ value: kept, leftOut }) =>
    advisePaging(called, leftOut, kept, next),
  );
  // Models do not see headers.
  const told = bounded.leftOut.length === 0 && hasLink(answered.answer) ? next : undefined;
  const sent = told && !isJsonObject(value) ? { nextPage: told, ...bounded.value } : bounded.value;
  const location = readLocation(answered.answer);
  const notes = [
    ...(told && isJsonObject(value) ? [`Next page: ${JSON.stringify(told)}`] : []),
    ...(location === undefined || whole.location === location ? [] : [`Location: ${location}`]),
  ];
  return toResult(sent, isStructured, notes);
}

function toResult(value: JsonObject, isStructured: boolean, notes: readonly string[]): CallToolResult {
  const content = [JSON.stringify(value), ...notes].map((text) => ({ type: 'text' as const, text }));
  return { content, ...(isStructured && { structuredContent: value }) };
}

/** Makes a result of a text. */
export function toTextResult(text: string, { settings: { maxSize = MAX_SIZE } }: AnsweredOperation): CallToolResult {
  const bounded = boundText(text, maxSize);
  const texts = [bounded.text, ...(bounded.note === undefined ? [] : [bounded.note])];
  return { content: texts.map((one) => ({ type: 'text' as const, text: one })) };
}

import type { CallToolResult } from '@modelcontextprotocol/server';
import { isTooDeep } from '../../json/json-depth.js';
import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import type { AnsweredOperation } from './answered-operation.js';
import { boundJson, boundText, LEFT_OUT } from './bounded-answer.js';
import { readLocation } from './empty-answer.js';
import { checkSchema } from './kept-schema.js';
import { findNextPage, hasLink } from './next-link.js';
import { advisePaging } from './paging-advice.js';
import { project } from './projection.js';

/** Characters of a result, unless an option says otherwise. */
const MAX_SIZE = 100_000;

/** Said where an answer has more levels than structured content may have. */
const TOO_DEEP = 'The answer has too many levels, and is in the text alone.';

/**
 * Makes a result of JSON: the same as structured content and as text. Both count.
 *
 * @param value - JSON. What is no object becomes `result`: the older era of MCP takes objects only
 */
export async function toJsonResult(
  value: unknown,
  answered: Answered,
  called: AnsweredOperation,
): Promise<CallToolResult> {
  const { maxSize = MAX_SIZE, structured = true, fields } = called.settings;
  await checkSchema(wrap(value), called, answered.target.name);
  const whole = wrap(fields ? project(value, fields) : value);
  const next = findNextPage(answered.answer, wrap(value), called);
  const isStructured = (structured || called.output !== undefined) && !isTooDeep({ structuredContent: whole });
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
  const result = toResult(sent, isStructured, notes);
  // Clients that were offered a schema refuse a result without structured content.
  return isStructured || !called.output ? result : { ...result, structuredContent: { [LEFT_OUT]: TOO_DEEP } };
}

function wrap(value: unknown): JsonObject {
  return isJsonObject(value) ? value : { result: value };
}

function toResult(value: JsonObject, isStructured: boolean, notes: readonly string[]): CallToolResult {
  const content = [JSON.stringify(value), ...notes].map((text) => ({ type: 'text' as const, text }));
  return { content, ...(isStructured && { structuredContent: value }) };
}

/** Makes a result of a text. Where clients are offered a schema, they want structured content. */
export async function toTextResult(
  text: string,
  answered: Answered,
  called: AnsweredOperation,
): Promise<CallToolResult> {
  const { output, settings } = called;
  const { maxSize = MAX_SIZE } = settings;
  const bounded = boundText(text, output ? Math.floor(maxSize / 2) : maxSize);
  if (output) {
    await checkSchema({ result: text }, called, answered.target.name);
    const { note } = bounded;
    return toResult({ ...(note !== undefined && { [LEFT_OUT]: note }), result: bounded.text }, true, []);
  }
  const texts = [bounded.text, ...(bounded.note === undefined ? [] : [bounded.note])];
  return { content: texts.map((one) => ({ type: 'text' as const, text: one })) };
}

import { isCallToolResult, isSpecType, type CallToolResult, type ContentBlock } from '@modelcontextprotocol/server';
import type { ToolSchema } from '../../resource-server/decorators/access-options.js';
import { toJsonValue, toJsonValues } from '../../resource-server/catalogue/json-values.js';
import { validateWire } from '../../resource-server/catalogue/wire-values.js';
import { StreamedItems } from './streamed-items.js';
import { isJsonObject } from '../../json/json-object.js';

/** A method returned a value that its own `output` schema does not allow. */
export class InvalidOutputError extends Error {
  override readonly name = 'InvalidOutputError';
}

/**
 * Turns what a method returned into the result of a tool.
 *
 * @throws {@link InvalidOutputError} if the value does not match the output schema
 */
export async function toToolResult(value: unknown, output: ToolSchema | undefined): Promise<CallToolResult> {
  if (value instanceof StreamedItems) {
    return output ? await toToolResult(value.items.at(-1), output) : { content: value.items.flatMap(toBlocks) };
  }
  if (!output) return isToolResult(value) ? value : toUnvalidatedResult(value);
  if (isToolResult(value) && value.isError) return value;
  if (isToolResult(value) && value.structuredContent !== undefined) {
    return { ...value, structuredContent: toObject(await validateOutput(output, value.structuredContent)) };
  }
  return toStructuredResult(await validateOutput(output, value));
}

/** An `isError` result. The model sees it and can act on it (MCP specification, tools, error handling). */
export function toErrorResult(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

async function validateOutput(output: ToolSchema, value: unknown): Promise<unknown> {
  const result = await validateWire(output, toJsonValues(value), 'output');
  if (result.issues) throw new InvalidOutputError(result.issues.map(({ message }) => message).join('; '));
  return result.value;
}

function toUnvalidatedResult(value: unknown): CallToolResult {
  if (value === undefined || value === null) return { content: [] };
  if (typeof value === 'string') return toTextResult(value);
  const blocks = Array.isArray(value) ? (value as unknown[]) : [value];
  return blocks.length > 0 && blocks.every(isBlock) ? { content: blocks } : toStructuredResult(value);
}

/** A text as the result of a tool. It is as its JSON says it. */
export function toTextResult(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}

/** Turns one streamed item into content blocks. */
function toBlocks(item: unknown): ContentBlock[] {
  return isToolResult(item) ? item.content : toUnvalidatedResult(item).content;
}

/**
 * Returns a value as text, and as structured content if it is an object. Both eras accept objects. Only the newer era
 * accepts arrays and numbers.
 */
function toStructuredResult(value: unknown): CallToolResult {
  const text = toJson(value);
  const content = [{ type: 'text' as const, text }];
  const parsed: unknown = JSON.parse(text);
  return isJsonObject(parsed) ? { content, structuredContent: parsed } : { content };
}

function toObject(value: unknown): Record<string, unknown> {
  const parsed: unknown = JSON.parse(toJson(value));
  if (!isJsonObject(parsed)) throw new InvalidOutputError('The structured content is not an object');
  return parsed;
}

/** Writes what JSON has no form for. A `Buffer` would already be an object of numbers. */
function writeValue(this: unknown, key: string, value: unknown): unknown {
  const own: unknown = Reflect.get(this as object, key);
  const written = toJsonValue(own);
  if (written !== own) return written;
  // JSON has no numbers of that size.
  return typeof value === 'bigint' ? value.toString() : value;
}

function toJson(value: unknown): string {
  const text = JSON.stringify(value, writeValue) as string | undefined;
  if (text === undefined) throw new InvalidOutputError(`A ${typeof value} cannot be written as JSON`);
  return text;
}

const RESULT_KEYS = new Set(['content', 'structuredContent', 'isError', '_meta']);

/** Members of each content block. They tell blocks from application objects that have a `type`. */
const BLOCK_KEYS: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(['type', 'text', 'annotations', '_meta']),
  image: new Set(['type', 'data', 'mimeType', 'annotations', '_meta']),
  audio: new Set(['type', 'data', 'mimeType', 'annotations', '_meta']),
  resource: new Set(['type', 'resource', 'annotations', '_meta']),
  resource_link: new Set([
    'type',
    'uri',
    'name',
    'title',
    'description',
    'mimeType',
    'size',
    'icons',
    'annotations',
    '_meta',
  ]),
};

function isBlock(value: unknown): value is ContentBlock {
  if (!isSpecType.ContentBlock(value)) return false;
  return Object.keys(value).every((key) => BLOCK_KEYS[value.type]?.has(key));
}

/** A tool result has only the members of a result. An application object may have a `content` too. */
function isToolResult(value: unknown): value is CallToolResult {
  return isCallToolResult(value) && Object.keys(value).every((key) => RESULT_KEYS.has(key));
}

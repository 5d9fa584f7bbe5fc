import { isCallToolResult, isSpecType, type CallToolResult, type ContentBlock } from '@modelcontextprotocol/server';
import type { ToolSchema } from '../../resource-server/decorators/access-options.js';
import { StreamedItems } from './streamed-items.js';
import { isJsonObject } from '../../json/json-object.js';

/** A method returned something that its own `output` schema does not allow. */
export class InvalidOutputError extends Error {
  override readonly name = 'InvalidOutputError';
}

/**
 * Makes a tool's result of what its method returned.
 *
 * @throws {@link InvalidOutputError} if there is an output schema and the value does not fit it
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

/** An `isError` result, which the model sees and can act on (MCP specification, tools, error handling). */
export function toErrorResult(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

async function validateOutput(output: ToolSchema, value: unknown): Promise<unknown> {
  const result = await output['~standard'].validate(value);
  if (result.issues) throw new InvalidOutputError(result.issues.map(({ message }) => message).join('; '));
  return result.value;
}

function toUnvalidatedResult(value: unknown): CallToolResult {
  if (value === undefined || value === null) return { content: [] };
  if (typeof value === 'string') return { content: [{ type: 'text', text: value }] };
  const blocks = Array.isArray(value) ? (value as unknown[]) : [value];
  return blocks.length > 0 && blocks.every(isBlock) ? { content: blocks } : toStructuredResult(value);
}

/** A part of a result that came by itself. */
function toBlocks(item: unknown): ContentBlock[] {
  return isToolResult(item) ? item.content : toUnvalidatedResult(item).content;
}

/** As text, and as structured content if it is an object: both eras take one, an array or a number only the newer. */
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

function toJson(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new InvalidOutputError(`A ${typeof value} cannot be told as JSON`);
  return text;
}

const RESULT_KEYS = new Set(['content', 'structuredContent', 'isError', '_meta']);

/** What blocks of content have; an object of the domain may have a `type` too. */
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

/** An object of the domain may have a `content` too, so a result has nothing that results do not have. */
function isToolResult(value: unknown): value is CallToolResult {
  return isCallToolResult(value) && Object.keys(value).every((key) => RESULT_KEYS.has(key));
}

import { SERVER_INFO_META_KEY, type Implementation } from '@modelcontextprotocol/server';
import { isJsonObject } from '../../json/json-object.js';
import type { DirectMessage } from './direct-message.js';

/**
 * Writes the answer to a message, as the SDK would.
 *
 * @param result - of the method
 * @param server - what answers of 2026-07-28 say of the server, as JSON
 * @returns `undefined` if the SDK has to check or to change the result
 */
export function encodeAnswer(message: DirectMessage, result: unknown, server: string): string | undefined {
  if (!isJsonObject(result) || 'resultType' in result || 'inputRequests' in result || 'requestState' in result)
    return undefined;
  if (message.method === 'tools/call' && !isPlainToolResult(result)) return undefined;
  const encoded = message.era === 'legacy' ? JSON.stringify(result) : encodeModern(message.method, result, server);
  return encoded === undefined ? undefined : wrapResult(encoded, message.id);
}

const BEFORE_RESULT = '{"result":';

/** Writes the message that has a result. */
export function wrapResult(result: string, id: string | number): string {
  return BEFORE_RESULT + result + writeEnd(id);
}

/** Reads the result out of a message that the SDK wrote. Returns `undefined` if it is an error. */
export function unwrapResult(message: string, id: string | number): string | undefined {
  const end = writeEnd(id);
  if (!message.startsWith(BEFORE_RESULT) || !message.endsWith(end)) return undefined;
  return message.slice(BEFORE_RESULT.length, -end.length);
}

function writeEnd(id: string | number): string {
  return `,"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
}

/** Describes the server for {@link encodeAnswer}. */
export function encodeServer(implementation: Implementation): string {
  return `${JSON.stringify(SERVER_INFO_META_KEY)}:${JSON.stringify(implementation)}`;
}

/** With the members that the revision 2026-07-28 adds to each result. */
function encodeModern(method: string, result: Record<string, unknown>, server: string): string | undefined {
  const { _meta: meta, ...rest } = result;
  if (meta !== undefined && (!isJsonObject(meta) || SERVER_INFO_META_KEY in meta)) return undefined;
  const whole = method === 'resources/read' ? addCacheFields(rest) : rest;
  const told = meta === undefined ? '' : JSON.stringify(meta).slice(1, -1);
  const members = JSON.stringify(whole).slice(1, -1);
  const added = `"resultType":"complete","_meta":{${told === '' ? '' : `${told},`}${server}}`;
  return members === '' ? `{${added}}` : `{${members},${added}}`;
}

/** Nobody may keep an answer of which nothing is said (MCP specification 2026-07-28, Caching). */
function addCacheFields(result: Record<string, unknown>): Record<string, unknown> {
  const { ttlMs, cacheScope } = result;
  const isTime = typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs >= 0;
  const isScope = cacheScope === 'public' || cacheScope === 'private';
  return { ...result, ttlMs: isTime ? ttlMs : 0, cacheScope: isScope ? cacheScope : 'private' };
}

function isPlainToolResult({
  content,
  structuredContent,
  isError,
  _meta,
  ...others
}: Record<string, unknown>): boolean {
  return (
    Object.keys(others).length === 0 &&
    Array.isArray(content) &&
    content.every(isPlainText) &&
    (structuredContent === undefined || isJsonObject(structuredContent)) &&
    (isError === undefined || typeof isError === 'boolean') &&
    (_meta === undefined || isJsonObject(_meta))
  );
}

function isPlainText(block: unknown): boolean {
  return (
    isJsonObject(block) && block.type === 'text' && typeof block.text === 'string' && Object.keys(block).length === 2
  );
}

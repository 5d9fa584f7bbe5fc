import { isSpecType, type ReadResourceResult } from '@modelcontextprotocol/server';
import type { ResourceDefinition, ResourceTemplateDefinition } from '../../resource-server/catalogue/primitive.js';
import { StreamedItems } from './streamed-items.js';

type Contents = ReadResourceResult['contents'][number];

/** Turns what a method returned into the result of `resources/read`. */
export function toResourceResult(
  value: unknown,
  uri: string,
  { listing, cache }: ResourceDefinition | ResourceTemplateDefinition,
): ReadResourceResult {
  const items = value instanceof StreamedItems ? value.items : [value];
  const results = items.map((item) => toResult(item, uri, listing.mimeType));
  const result =
    results.length === 1 && results[0] ? results[0] : { contents: results.flatMap(({ contents }) => contents) };
  return { ...cache, ...result };
}

function toResult(value: unknown, uri: string, mimeType: string | undefined): ReadResourceResult {
  if (isSpecType.ReadResourceResult(value)) return value;
  if (Array.isArray(value) && value.length > 0 && value.every(isContents)) return { contents: value };
  if (isContents(value)) return { contents: [value] };
  return { contents: [toContents(value, uri, mimeType)] };
}

function toContents(value: unknown, uri: string, mimeType: string | undefined): Contents {
  if (value instanceof Uint8Array) {
    const blob = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return { uri, mimeType: mimeType ?? 'application/octet-stream', blob };
  }
  if (typeof value === 'string') return { uri, mimeType: mimeType ?? 'text/plain', text: value };
  return { uri, mimeType: mimeType ?? 'application/json', text: JSON.stringify(value ?? null) };
}

function isContents(value: unknown): value is Contents {
  return isSpecType.TextResourceContents(value) || isSpecType.BlobResourceContents(value);
}

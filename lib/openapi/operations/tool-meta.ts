import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { ApiOperation } from './api-operation.js';
import { toPlainLine } from './plain-text.js';

const MAX_TAGS = 20;
const MAX_TAG = 100;
const MAX_URL = 2_000;
const MAX_DESCRIPTION = 300;

/** `_meta` of the tool of an operation: its tags, where its documentation is, and what the document says (`x-mcp`). */
export function describeMeta({ tags, extension, source }: ApiOperation): JsonObject | undefined {
  const labels = tags
    .slice(0, MAX_TAGS)
    .map((tag) => toPlainLine(tag, MAX_TAG))
    .filter((tag) => tag !== '');
  const documentation = readDocumentation(source.value.externalDocs);
  const meta = {
    ...extension.meta,
    ...(labels.length > 0 && { 'nestjs-mcp-auth/tags': labels }),
    ...(documentation && { 'nestjs-mcp-auth/externalDocs': documentation }),
  };
  return Object.keys(meta).length > 0 ? meta : undefined;
}

/** OpenAPI 3.1, External Documentation Object. */
function readDocumentation(value: unknown): JsonObject | undefined {
  if (!isJsonObject(value) || typeof value.url !== 'string' || !URL.canParse(value.url)) return undefined;
  const { href, protocol, username, password } = new URL(value.url);
  const isPublic = ['https:', 'http:'].includes(protocol) && username === '' && password === '';
  if (!isPublic || href.length > MAX_URL) return undefined;
  const description = typeof value.description === 'string' ? toPlainLine(value.description, MAX_DESCRIPTION) : '';
  return { url: href, ...(description !== '' && { description }) };
}

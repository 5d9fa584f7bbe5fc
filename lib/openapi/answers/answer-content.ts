import { isTextTooDeep } from '../../json/json-depth.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import { NO_BODY, readHeader } from '../../on-behalf-of/downstream/downstream-answer.js';
import { readBytes } from '../../on-behalf-of/downstream/json-answer.js';
import { readMediaKind } from '../inputs/media-choice.js';

/** What an answer holds. */
export type AnswerContent =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown }
  | {
      readonly kind: 'text';
      readonly text: string;
      /** Whether the API said that it is JSON. */
      readonly isFaulty: boolean;
    }
  | { readonly kind: 'file'; readonly mediaType: string; readonly bytes: Buffer };

/** JSON values, one a line or one after the other. */
const LINES: ReadonlySet<string> = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/jsonlines',
  'application/json-lines',
  'application/stream+json',
  'application/json-seq',
]);

/** Files that are text. Models read them better than they would see them. */
const TEXTS: ReadonlySet<string> = new Set(['image/svg+xml', 'application/x-yaml', 'application/toml']);

/** Media type of an answer, in small letters and without its parameters. Empty if it says none. */
export function readMediaType({ answer }: Answered): string {
  const value = readHeader(answer, 'content-type') ?? '';
  return value.replace(/;.*$/s, '').trim().toLowerCase();
}

/** Whether an answer is a file: neither JSON nor text. */
export function isFile(mediaType: string): boolean {
  if (mediaType === '' || LINES.has(mediaType) || TEXTS.has(mediaType)) return false;
  const kind = readMediaKind(mediaType);
  return kind === 'bytes' || kind === 'multipart';
}

/**
 * Reads an answer by its media type.
 *
 * @param maxSize - in bytes
 * @throws {@link DownstreamError} if it is larger, or does not arrive
 */
export async function readContent(answered: Answered, maxSize?: number): Promise<AnswerContent> {
  const { target, answer } = answered;
  const bytes = await readBytes(target, answer, maxSize);
  if (bytes.length === 0 || NO_BODY.includes(answer.status)) return { kind: 'none' };
  const mediaType = readMediaType(answered);
  if (isFile(mediaType)) return { kind: 'file', mediaType, bytes };
  if (mediaType === '' && !isUtf8(bytes)) return { kind: 'file', mediaType: 'application/octet-stream', bytes };
  const text = decode(bytes, readHeader(answer, 'content-type') ?? '');
  if (text.trim() === '') return { kind: 'none' };
  if (LINES.has(mediaType)) return readLines(text);
  const isJson = mediaType !== '' && !TEXTS.has(mediaType) && readMediaKind(mediaType) === 'json';
  const value = isJson || /^\s*[[{]/.test(text) ? parse(text) : undefined;
  // An answer without a type may be JSON. One of another type is what it says.
  if (value && (isJson || mediaType === '')) return { kind: 'json', value: value.parsed };
  return { kind: 'text', text, isFaulty: isJson };
}

/** RFC 7464 has a record separator before each value. */
function readLines(text: string): AnswerContent {
  const lines = text
    .replaceAll('\u001e', '\n')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const values = lines.map(parse);
  if (!values.every((one) => one !== undefined)) return { kind: 'text', text, isFaulty: true };
  return { kind: 'json', value: values.map(({ parsed }) => parsed) };
}

function parse(text: string): { readonly parsed: unknown } | undefined {
  if (isTextTooDeep(Buffer.from(text))) return undefined;
  try {
    return { parsed: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Decodes a text: by its byte order mark, else by its `charset`, else as UTF-8 (RFC 8259 section 8.1). */
function decode(bytes: Buffer, contentType: string): string {
  const [first, second] = bytes;
  const marked = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : '';
  const named = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  for (const charset of [marked, named]) {
    if (charset === undefined || charset === '') continue;
    try {
      return new TextDecoder(charset).decode(bytes);
    } catch {
      // A charset that nobody knows.
    }
  }
  return new TextDecoder().decode(bytes);
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return !bytes.includes(0);
  } catch {
    return false;
  }
}

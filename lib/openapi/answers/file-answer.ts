import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/server';
import type { JsonObject } from '../../json/json-object.js';
import { readHeader } from '../../on-behalf-of/downstream/downstream-answer.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import { readContent, readMediaType, type AnswerContent } from './answer-content.js';
import type { AnsweredOperation } from './answered-operation.js';
import { readFileName } from './file-name.js';
import { DownstreamError } from '../../errors/downstream-error.js';

/** Bytes of a file that is sent. */
export const MAX_FILE_SIZE = 1024 * 1024;

/** Pictures that models see. */
const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** What is told of a file. */
interface AnsweredFile {
  readonly name: string;
  readonly mediaType: string;
  /** In bytes, if it is known. */
  readonly size: number | undefined;
}

/**
 * Makes content blocks of a file. One that is too large is described, and not sent.
 *
 * @throws {@link DownstreamError} if it does not arrive
 */
export async function toFileResult(answered: Answered, called: AnsweredOperation): Promise<CallToolResult> {
  const length = readHeader(answered.answer, 'content-length');
  const size = length === null ? undefined : Number(length);
  const file = { name: nameFile(answered, called), mediaType: readMediaType(answered), size };
  const { maxFileSize = MAX_FILE_SIZE } = called.settings;
  const isTooLarge = size !== undefined && size > maxFileSize;
  const content = isTooLarge ? undefined : await readUnlessLarger(answered, maxFileSize);
  if (content?.kind === 'file') return toBytesResult(content, answered, called);
  if (content) return tell({ ...file, size: 0 }, called);
  answered.answer.body.destroy();
  return tell(file, called, `It is larger than ${maxFileSize} bytes, and is not sent.`);
}

/** Makes content blocks of a file that was read. */
export function toBytesResult(
  { mediaType, bytes }: Extract<AnswerContent, { readonly kind: 'file' }>,
  answered: Answered,
  called: AnsweredOperation,
): CallToolResult {
  const file = { name: nameFile(answered, called), mediaType, size: bytes.length };
  return tell(file, called, undefined, toBlock(file, bytes));
}

function nameFile({ answer }: Answered, { name }: AnsweredOperation): string {
  return readFileName(readHeader(answer, 'content-disposition')) ?? name;
}

async function readUnlessLarger(answered: Answered, maxSize: number): Promise<AnswerContent | undefined> {
  try {
    return await readContent(answered, maxSize);
  } catch (error) {
    if (error instanceof DownstreamError && error.code === 'downstream_body_too_large') return undefined;
    throw error;
  }
}

/** Describes a file, so that it is known to clients that show none. */
function tell(
  { name, mediaType, size }: AnsweredFile,
  { settings, output }: AnsweredOperation,
  note?: string,
  block?: ContentBlock,
): CallToolResult {
  const described: JsonObject = {
    file: { name, mediaType, ...(size !== undefined && { size }) },
    ...(note !== undefined && { leftOut: note }),
  };
  return {
    content: [...(block ? [block] : []), { type: 'text', text: JSON.stringify(described) }],
    ...((settings.structured !== false || output) && { structuredContent: described }),
  };
}

function toBlock({ name, mediaType }: AnsweredFile, bytes: Buffer): ContentBlock {
  const data = bytes.toString('base64');
  if (PICTURES.has(mediaType)) return { type: 'image', data, mimeType: mediaType };
  if (mediaType.startsWith('audio/')) return { type: 'audio', data, mimeType: mediaType };
  return {
    type: 'resource',
    resource: { uri: `attachment:///${encodeURIComponent(name)}`, mimeType: mediaType, blob: data },
  };
}

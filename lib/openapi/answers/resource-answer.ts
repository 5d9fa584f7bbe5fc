import { HttpException } from '@nestjs/common';
import type { ReadResourceResult } from '@modelcontextprotocol/server';
import { discard } from '../../on-behalf-of/downstream/downstream-answer.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import { readMediaKind } from '../inputs/media-choice.js';
import { isFile, readContent, readMediaType } from './answer-content.js';
import type { AnsweredOperation } from './answered-operation.js';
import { MAX_FILE_SIZE } from './file-answer.js';
import { project } from './projection.js';
import { describeRefusal } from './refused-answer.js';
import { refuseStream } from './tool-answer.js';

/** There is no such resource, or no longer (RFC 9110 sections 15.5.5 and 15.5.11). */
const MISSING: ReadonlySet<number> = new Set([404, 410]);

/**
 * Turns the answer of the API into the contents of a resource. Of JSON, `fields` of the settings are kept. Nothing is left out for its size.
 *
 * @param uri - of the resource
 * @throws HttpException if there is no such resource, or the API refuses the request
 * @throws {@link DownstreamError} for a status that others than the model have to act on, and for an answer that does not
 *   arrive or is too large
 */
export async function toResourceAnswer(
  answered: Answered,
  called: AnsweredOperation,
  uri: string,
): Promise<ReadResourceResult> {
  const { answer, failure } = answered;
  if (failure && MISSING.has(answer.status)) {
    discard(answer);
    throw new HttpException('There is no such resource.', 404);
  }
  if (failure) {
    throw new HttpException(await describeRefusal(failure, answered, called), answer.status);
  }
  refuseStream(answered);
  const mediaType = readMediaType(answered);
  const { maxFileSize = MAX_FILE_SIZE, fields } = called.settings;
  const content = await readContent(answered, isFile(mediaType) ? maxFileSize : undefined);
  switch (content.kind) {
    case 'json': {
      const value = fields ? project(content.value, fields) : content.value;
      return toText(uri, readMediaKind(mediaType) === 'json' ? mediaType : 'application/json', JSON.stringify(value));
    }
    case 'text':
      return toText(uri, mediaType, content.text);
    case 'file':
      return { contents: [{ uri, mimeType: content.mediaType, blob: content.bytes.toString('base64') }] };
    default:
      return toText(uri, mediaType, '');
  }
}

function toText(uri: string, mediaType: string, text: string): ReadResourceResult {
  return { contents: [{ uri, mimeType: mediaType || 'text/plain', text }] };
}

import type { IncomingMessage } from 'node:http';
import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';
import { isJsonObject } from '../../json/json-object.js';
import { describeMediaType, explainRefusal } from './described-answer.js';
import { toNodeRequest, type PlatformRequest } from './node-request.js';

const JSON_TYPE = /^\s*application\/json\s*(?:;|$)/i;

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;

/**
 * Sees to it that a request has its message, whatever the body parsers of the application made of the body: nothing,
 * because there are none, or text, or bytes.
 *
 * @param maxSize - bytes of a message
 * @returns `'size'` if the message is larger
 * @throws BadRequestException if the body is not JSON
 */
export async function readMessageBody(request: PlatformRequest, maxSize: number): Promise<'size' | undefined> {
  const node = toNodeRequest(request);
  if (request.method !== 'POST' || !JSON_TYPE.test(node.headers['content-type'] ?? '')) return undefined;
  if (!isUtf8(node)) throw refuseMediaType(node);
  const body = isUnset(request.body) ? await readUnread(node, maxSize) : request.body;
  if (body === 'size') return 'size';
  if (body instanceof Uint8Array) request.body = parse(Buffer.from(body).toString());
  else if (typeof body === 'string') request.body = parse(body);
  return undefined;
}

/** Parsers of Express 4 leave an empty object where they parsed nothing. */
function isUnset(body: unknown): boolean {
  return body === undefined || body === null || (isJsonObject(body) && Object.keys(body).length === 0);
}

async function readUnread(node: IncomingMessage, maxSize: number): Promise<Uint8Array | 'size' | undefined> {
  const { 'content-length': length, 'content-encoding': encoding = 'identity' } = node.headers;
  if (node.readableDidRead) {
    if (Number(length) > 2) explainRefusal(node, TAKEN);
    return undefined;
  }
  if (encoding.toLowerCase() !== 'identity') throw refuseMediaType(node);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Without the option, leaving off would close the connection before there is an answer.
    for await (const chunk of node.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > maxSize) return 'size';
    }
  } catch {
    // The client has left. Nobody hears what it is answered.
    return undefined;
  }
  return size === 0 ? undefined : Buffer.concat(chunks);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequestException('The body is not JSON');
  }
}

/** Whether a body can be read as it is. */
export function isPlainUtf8({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return isUtf8({ headers }) && (headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity';
}

/** JSON is in UTF-8 (RFC 8259 section 8.1). */
function isUtf8({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const [, charset = 'utf-8'] = CHARSET.exec(headers['content-type'] ?? '') ?? [];
  return charset.toLowerCase() === 'utf-8';
}

function refuseMediaType(node: IncomingMessage): UnsupportedMediaTypeException {
  explainRefusal(node, { reason: 'media_type', ...describeMediaType(node.headers) });
  return new UnsupportedMediaTypeException();
}

const TAKEN = {
  reason: 'message',
  detail:
    'its message came without its body: a middleware or a body parser of the application has read it, and left nothing in `request.body`',
  fix: 'No call can be served so. Have that leave the endpoint out, or parse JSON.',
} as const;

import type { IncomingMessage } from 'node:http';
import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';
import { isJsonObject } from '../../json/json-object.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { toNodeRequest, type PlatformRequest } from './node-request.js';

const logger = new CleanLogger('McpEndpoint');

const JSON_TYPE = /^\s*application\/json\s*(?:;|$)/i;

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
    if (Number(length) > 2) warnOfTakenBody();
    return undefined;
  }
  if (encoding.toLowerCase() !== 'identity') throw new UnsupportedMediaTypeException();
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

function warnOfTakenBody(): void {
  logger.sum(
    'warn',
    'taken body',
    'A message came without its body: a middleware or a body parser of the application has read it, and left nothing in `request.body`. No call can be served. Let it leave the endpoint out, or parse JSON',
  );
}

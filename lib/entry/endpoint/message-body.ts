import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { BadRequestException, PayloadTooLargeException, UnsupportedMediaTypeException } from '@nestjs/common';
import { isEmpty, isJsonObject } from '../../json/json-object.js';
import { canDecode, decodeBody, readBytes, readCoding } from './body-bytes.js';
import { describeMediaType, explainRefusal } from './described-answer.js';
import { toNodeRequest, type PlatformRequest } from './node-request.js';

const JSON_TYPE = /^\s*application\/json\s*(?:;|$)/i;

/** How a message, or a batch, begins. */
const JSON_START = /^[ \t\n\r]*[[{]/;

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;

/** For platforms whose parsers then find that none of them is for the type. */
const readBodies = new WeakMap<IncomingMessage, Uint8Array>();

/**
 * Sees to it that a request has its message, whatever the body parsers of the application made of the body: nothing,
 * because there are none, or text, or bytes.
 *
 * @param maxSize - bytes of a message
 * @returns `undefined` if the message is there; otherwise a promise, of `'size'` if the message is larger
 * @throws BadRequestException if the body is not JSON, or the client has left before its end
 */
export function readMessageBody(request: PlatformRequest, maxSize: number): Promise<'size' | undefined> | undefined {
  if (request.method !== 'POST') return undefined;
  const node = toNodeRequest(request);
  const type = node.headers['content-type'] ?? '';
  // What most clients send.
  const isPlain = type === 'application/json';
  if (!isPlain && !JSON_TYPE.test(type)) return undefined;
  if (!isPlain && !isUtf8(node)) throw refuseMediaType(node);
  const { body } = request;
  const isParsed = typeof body === 'object' && !(body instanceof Uint8Array) && !isUnset(body);
  return isParsed ? undefined : readLeftBody(request, node, maxSize);
}

async function readLeftBody(
  request: PlatformRequest,
  node: IncomingMessage,
  maxSize: number,
): Promise<'size' | undefined> {
  const body = isUnset(request.body) ? await readUnread(node, maxSize) : request.body;
  if (body === 'size') return 'size';
  if (body instanceof Uint8Array) {
    const bytes = await decodeLeft(body, node, maxSize);
    if (bytes === 'size') return 'size';
    request.body = parse(bytes.toString(), node);
  } else if (typeof body === 'string') request.body = parse(body, node);
  return undefined;
}

/** Parsers of Express 4 leave an empty object where they parsed nothing. */
function isUnset(body: unknown): boolean {
  return body === undefined || body === null || (isJsonObject(body) && isEmpty(body));
}

async function readUnread(node: IncomingMessage, maxSize: number): Promise<Uint8Array | 'size' | undefined> {
  const coding = readCoding(node.headers);
  const read = readBodies.get(node);
  if (read) return read;
  if (node.readableDidRead) {
    if (Number(node.headers['content-length']) > 2) explainRefusal(node, TAKEN);
    return undefined;
  }
  if (coding !== undefined && !canDecode(coding)) throw refuseMediaType(node);
  const bytes = await readBytes(node, maxSize);
  if (bytes === undefined) throw createLeftException();
  return bytes.length === 0 ? undefined : bytes;
}

/**
 * Makes the body of a request readable for a platform that does not decode bodies, and waits for ever for one that a
 * middleware has read.
 *
 * @param maxSize - bytes of a message
 * @returns what the parsers of the platform read: the body as it is, if it has no coding, or one that is not decoded here
 * @throws PayloadTooLargeException if the message is larger
 * @throws BadRequestException if the body is not in its coding, or the client has left before its end
 */
export async function preparePayload(node: IncomingMessage, payload: Readable, maxSize: number): Promise<Readable> {
  // Another hook of the application has seen to it.
  if (payload !== node) return payload;
  if (node.readableEnded) {
    const left = writeLeft((node as PlatformRequest).body);
    return createPayload(left && (await decodeLeft(left, node, maxSize)), node);
  }
  const coding = readCoding(node.headers);
  if (coding === undefined || !canDecode(coding)) return payload;
  const bytes = await readBytes(payload, maxSize);
  if (bytes === undefined) throw createLeftException();
  const decoded = bytes === 'size' ? bytes : await decodeBody(bytes, node.headers, maxSize);
  return createPayload(decoded, node);
}

/** Whoever left bytes may have decoded them, and left the header. No coding begins as JSON does. */
async function decodeLeft(body: Uint8Array, { headers }: IncomingMessage, maxSize: number): Promise<Buffer | 'size'> {
  const bytes = Buffer.from(body);
  return JSON_START.test(bytes.toString('latin1')) ? bytes : await decodeBody(bytes, headers, maxSize);
}

/** What a middleware left of a body, as bytes again. */
function writeLeft(body: unknown): Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function createPayload(bytes: Buffer | 'size' | undefined, node: IncomingMessage): Readable {
  if (bytes === 'size') throw new PayloadTooLargeException();
  if (bytes !== undefined && bytes.length > 0) readBodies.set(node, bytes);
  const payload = Readable.from(bytes === undefined || bytes.length === 0 ? [] : [bytes]);
  // Fastify compares this with the stated length.
  return Object.assign(payload, { receivedEncodedLength: Number(node.headers['content-length'] ?? 0) });
}

function parse(text: string, node: IncomingMessage): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const coding = readCoding(node.headers);
    if (coding !== undefined && !canDecode(coding)) throw refuseMediaType(node);
    throw new BadRequestException('The body is not JSON');
  }
}

/** Whether a body has a charset and a coding that are read here. */
export function isReadable({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const coding = readCoding(headers);
  return isUtf8({ headers }) && (coding === undefined || canDecode(coding));
}

/** JSON is in UTF-8 (RFC 8259 section 8.1). */
function isUtf8({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const [, charset = 'utf-8'] = CHARSET.exec(headers['content-type'] ?? '') ?? [];
  return charset.toLowerCase() === 'utf-8';
}

/** Ends the request. Nobody gets the answer. */
function createLeftException(): BadRequestException {
  return new BadRequestException('The client has left before the end of its message');
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

import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, type InputType } from 'node:zlib';
import { BadRequestException } from '@nestjs/common';

type Decode = (body: InputType, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

/** What the body parser of Express decodes, and the other name of gzip (RFC 9110 section 8.4.1). */
const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['br', promisify(brotliDecompress)],
  ['deflate', promisify(inflate)],
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
]);

/** The coding of a body; `undefined` for one that is sent as it is. */
export function readCoding({ 'content-encoding': encoding = 'identity' }: IncomingHttpHeaders): string | undefined {
  const coding = encoding.toLowerCase();
  return coding === 'identity' ? undefined : coding;
}

/** Whether a coding is one that is decoded here. */
export function canDecode(coding: string): boolean {
  return DECODERS.has(coding);
}

/**
 * Reads a stream to its end.
 *
 * @param maxSize - bytes
 * @returns `'size'` if there are more; `undefined` if the client has left
 */
export async function readBytes(stream: Readable, maxSize: number): Promise<Buffer | 'size' | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Without the option, leaving off would close the connection before there is an answer.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > maxSize) return 'size';
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

/**
 * Decodes a body. From then on its headers say what it is: they have neither the coding, nor the length in that.
 *
 * @param maxSize - bytes of the decoded body, however small the coded one is
 * @returns `'size'` if there are more
 * @throws BadRequestException if the body is not in its coding
 */
export async function decodeBody(
  body: Uint8Array,
  headers: IncomingHttpHeaders,
  maxSize: number,
): Promise<Buffer | 'size'> {
  const decode = DECODERS.get(readCoding(headers) ?? '');
  if (!decode) return Buffer.from(body);
  try {
    const decoded = await decode(body, { maxOutputLength: maxSize });
    delete headers['content-encoding'];
    delete headers['content-length'];
    return decoded;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return 'size';
    throw new BadRequestException('The body is not in the coding that its headers name');
  }
}

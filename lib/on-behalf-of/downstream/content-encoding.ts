import { pipeline, type Readable, type Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** `Accept-Encoding` of requests in which the tool sets none. */
export const ACCEPTED_ENCODINGS = 'gzip, br';

/** Truncated bodies are accepted, as browsers do. */
const LENIENT = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(LENIENT),
  'x-gzip': () => createGunzip(LENIENT),
  deflate: () => createInflate(LENIENT),
  br: () =>
    createBrotliDecompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
    }),
};

type Headers = Dispatcher.ResponseData['headers'];

/** Decodes a body (RFC 9110 section 8.4), and adapts its headers. */
export function decode(headers: Headers, body: Readable): { readonly headers: Headers; readonly body: Readable } {
  const { 'content-encoding': encoding } = headers;
  const decoder = typeof encoding === 'string' ? DECODERS[encoding.toLowerCase()] : undefined;
  if (!decoder) return { headers, body };
  // The reader of the body gets the error.
  return {
    headers: { ...headers, 'content-encoding': undefined, 'content-length': undefined },
    body: pipeline(body, decoder(), () => undefined),
  };
}

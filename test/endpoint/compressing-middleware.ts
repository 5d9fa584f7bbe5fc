import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGzip, type Gzip } from 'node:zlib';
import onHeaders from 'on-headers';

/**
 * Compresses what may be compressed, as the middleware `compression` does, and holds back what zlib holds back. Answers
 * that proxies must not transform are left alone (RFC 9111 section 5.2.2.6).
 */
export function compress(_request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  let gzip: Gzip | undefined;
  onHeaders(response, () => {
    if (String(response.getHeader('cache-control')).includes('no-transform')) return;
    response.setHeader('content-encoding', 'gzip');
    response.removeHeader('content-length');
    gzip = createGzip();
    gzip.on('data', (piece: Buffer) => write(piece)).on('end', () => end());
  });
  const begin = () => {
    if (!response.headersSent) response.writeHead(response.statusCode);
  };
  Object.assign(response, {
    write(piece: string | Uint8Array): boolean {
      begin();
      return gzip ? gzip.write(piece) : write(piece);
    },
    end(piece?: string | Uint8Array): ServerResponse {
      begin();
      if (!gzip) return end(piece);
      gzip.end(piece);
      return response;
    },
  });
  next();
}

import { maxHeaderSize } from 'node:http';
import type { Finding } from './finding.js';

/** Bytes of headers that proxies take by default: a line of nginx (`large_client_header_buffers 4 8k`), and AWS ALB and others near it. */
const TAKEN_BY_PROXIES = 8 * 1024;

/** Bytes of a request besides its token: its line, and the other headers of clients and proxies. */
const OTHERS = 2 * 1024;

/**
 * Checks whether requests with a token fit what takes them. Too large ones are answered 431 or 400 by Node, or by a proxy
 * before it, and the server never sees them.
 *
 * @param limit - bytes that Node takes for the headers of a request. Defaults to that of this process
 */
export function checkTokenSize(token: string, issuer: string, limit = maxHeaderSize): readonly Finding[] {
  const size = Buffer.byteLength(`Authorization: Bearer ${token}`);
  const isTooLarge = size + OTHERS > limit;
  if (!isTooLarge && size <= TAKEN_BY_PROXIES) return [];
  const taken = isTooLarge
    ? `Node takes ${limit} for all headers of a request, and answers 431 to others.`
    : `Node takes that, up to ${limit} for all headers. Many proxies take 8192 a header by default.`;
  return [
    {
      code: 'token_large',
      severity: isTooLarge ? 'error' : 'warning',
      subject: issuer,
      message: `Step 7: the header with the token has ${size} bytes. ${taken}`,
      fix: 'Have the issuer write less into access tokens: groups and roles are most of it. Otherwise start the server with `node --max-http-header-size=65536`, and raise the limit of each proxy: `large_client_header_buffers 4 64k` of nginx, `tune.bufsize 65536` of HAProxy.',
    },
  ];
}

import { isLoopback } from '../../options/option-rules.js';
import { readHeader, type WireAnswer } from './downstream-answer.js';
import { DownstreamError } from '../../errors/downstream-error.js';
import { isBelow } from './downstream-url.js';
import type { OutgoingRequest } from './outgoing-request.js';

/** Most redirects that one call follows. */
export const MAX_REDIRECTS = 10;

const REDIRECTS = [301, 302, 303, 307, 308];

/** The only headers that go to another address. Others may be credentials, or confidential. */
const TOLD_ELSEWHERE = [
  'accept',
  'accept-encoding',
  'accept-language',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'user-agent',
];

/** One request in a chain of redirects. */
export interface Hop extends OutgoingRequest {
  /** Whether this address and all before it are below `baseUrl`. Only then does the request carry the token. */
  readonly isWithin: boolean;
}

/** The parts of a downstream that redirects need. */
interface Origin {
  readonly name: string;
  readonly baseUrl: URL;
}

/**
 * Finds where an answer redirects to (Fetch standard, HTTP-redirect fetch). Below `baseUrl` the whole request is sent
 * again, with the token. Elsewhere, for example at a file store, only reads are followed, over https, without token,
 * body and the tool's own headers.
 *
 * @returns `undefined` if the answer is not a redirect
 * @throws {@link DownstreamError} with `downstream_redirect` if the redirect must not be followed
 */
export function findNextHop(hop: Hop, answer: Pick<WireAnswer, 'status' | 'headers'>, origin: Origin): Hop | undefined {
  const { name, baseUrl } = origin;
  const { status } = answer;
  const location = readHeader(answer, 'location');
  if (!REDIRECTS.includes(status) || location === null) return undefined;
  const createError = (why: string) =>
    new DownstreamError('downstream_redirect', `${name} redirects ${why}`, { downstream: name, status });
  if (hop.redirect === 'error') throw createError('where the tool wants no redirect');
  if (!URL.canParse(location, hop.url)) throw createError('to something that is no URL');
  const url = new URL(location, hop.url);
  const next = changeMethod({ ...hop, url }, status);
  if (hop.isWithin && isBelow(baseUrl, url)) {
    if (!next.body.isReplayable) throw createError('a request whose body cannot be sent again');
    return next;
  }
  if (url.username || url.password) throw createError('to an address with credentials');
  if (url.protocol !== 'https:' && !(isLoopback(url) && isPlainLoopback(baseUrl)))
    throw createError('to an address that is not https');
  if (!['GET', 'HEAD'].includes(next.method)) throw createError(`a ${next.method} out of its base URL`);
  return { ...next, headers: keepHeaders(next.headers), isWithin: false };
}

function changeMethod(hop: Hop, status: number): Hop {
  const isPost = hop.method === 'POST' && (status === 301 || status === 302);
  if (!isPost && !(status === 303 && !['GET', 'HEAD'].includes(hop.method))) return hop;
  const headers = new Headers(hop.headers);
  for (const name of [...headers.keys()]) if (name.startsWith('content-')) headers.delete(name);
  return { ...hop, method: 'GET', headers, body: { content: null, isReplayable: true } };
}

function keepHeaders(headers: Headers): Headers {
  return new Headers([...headers].filter(([name]) => TOLD_ELSEWHERE.includes(name)));
}

/** APIs on this machine, for development and tests. */
function isPlainLoopback(url: URL): boolean {
  return url.protocol === 'http:' && isLoopback(url);
}

import { resolveDownstreamUrl } from './downstream-url.js';
import { keepBody, toRequestBody, type RequestBody } from './request-body.js';

/** A request to a downstream, still without a token. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: RequestBody;
  readonly redirect: RequestRedirect;
}

/** Headers that identify the sender, or belong to one connection (RFC 9110 section 7.6.1). They are never forwarded. */
const RESERVED = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'dpop',
  'host',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Methods that may be written in small letters (Fetch standard, normalize). */
const NORMALIZED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];

/** Methods that `fetch` must not send (Fetch standard, forbidden method). */
const FORBIDDEN = ['CONNECT', 'TRACE', 'TRACK'];

/** Removes headers that a tool must not set. */
export function dropReserved(headers: Headers): Headers {
  for (const name of RESERVED) headers.delete(name);
  return headers;
}

/**
 * Reads the arguments of `fetch`.
 *
 * @throws {@link DownstreamError} with `downstream_outside_base_url`
 * @throws TypeError for arguments that no `fetch` accepts
 */
export async function toOutgoingRequest(
  base: URL,
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<OutgoingRequest> {
  const given = input instanceof Request ? input : undefined;
  const url = resolveDownstreamUrl(base, input instanceof Request ? input.url : input);
  const method = normalizeMethod(init.method ?? given?.method ?? 'GET');
  const headers = dropReserved(new Headers(init.headers ?? given?.headers));
  const isOfRequest = init.body === undefined && given?.body;
  const body = isOfRequest ? await keepBody(given.body) : await toRequestBody(init.body);
  if (body.content !== null && (method === 'GET' || method === 'HEAD')) throw new TypeError(`A ${method} has no body`);
  if (body.type !== undefined && !headers.has('content-type')) headers.set('content-type', body.type);
  return {
    method,
    url,
    headers,
    body,
    redirect: init.redirect ?? given?.redirect ?? 'follow',
  };
}

function normalizeMethod(method: string): string {
  const upper = method.toUpperCase();
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method) || FORBIDDEN.includes(upper)) {
    throw new TypeError(`"${method}" is not a method that can be sent`);
  }
  return NORMALIZED.includes(upper) ? upper : method;
}

/** All signals that the caller of `fetch` can abort, as one. */
export function combineSignals(input: string | URL | Request, { signal }: RequestInit = {}): AbortSignal | undefined {
  if (!(input instanceof Request)) return signal ?? undefined;
  return signal ? AbortSignal.any([signal, input.signal]) : input.signal;
}

import { DownstreamError } from '../../errors/downstream-error.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import { isMethodOverride, isSteeringHeader, normalizeHeaderName } from '../options/steering-headers.js';
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

/**
 * `RequestInit`, and what no `fetch` sends, though the document of an API may demand it. Headers may override the method:
 * whoever built the request has seen to it that they name no other method that writes.
 */
export interface DocumentedRequestInit extends RequestInit {
  readonly documented?: {
    /** Value of the header `Cookie`. A tool cannot set it. */
    readonly cookies: string | undefined;
    /** In place of `body`: a GET may have it, too (RFC 9110 section 9.3.1). */
    readonly body: string | Uint8Array<ArrayBuffer> | undefined;
  };
}

/** The parts of a downstream that its requests depend on. */
type OutgoingTarget = Pick<ResolvedDownstream, 'name' | 'baseUrl' | 'http'>;

/** Headers that identify the sender, or belong to one connection (RFC 9110 section 7.6.1). They are never forwarded. */
const RESERVED: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'cookie2',
  'dpop',
  'host',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Methods that may be written in small letters (Fetch standard, normalize). */
const NORMALIZED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];

/** Methods that `fetch` must not send (Fetch standard, forbidden method). */
const FORBIDDEN = ['CONNECT', 'TRACE', 'TRACK'];

/** Removes headers that a tool must not set, and those that its `Connection` names (RFC 9110 section 7.6.1). */
export function dropReserved(headers: Headers): Headers {
  const named = new Set((headers.get('connection') ?? '').split(',').map((name) => normalizeHeaderName(name.trim())));
  for (const name of [...headers.keys()]) {
    const normalized = normalizeHeaderName(name);
    if (RESERVED.has(normalized) || named.has(normalized)) headers.delete(name);
  }
  return headers;
}

/** @throws {@link DownstreamError} with `downstream_header_refused` */
function refuseSteering(headers: Headers, { name, http }: OutgoingTarget, isDocumented: boolean): Headers {
  const refused = [...headers.keys()].find(
    (header) =>
      isSteeringHeader(header) &&
      !(isDocumented && isMethodOverride(header)) &&
      !http.letToolsSteerProxies.has(normalizeHeaderName(header)),
  );
  if (refused === undefined) return headers;
  throw new DownstreamError(
    'downstream_header_refused',
    `The tool sets ${refused}, by which the proxies of ${name} are steered. Remove it, or name it in \`http.letToolsSteerProxies\` of the downstream.`,
    { downstream: name },
  );
}

/**
 * Reads the arguments of `fetch`.
 *
 * @throws {@link DownstreamError} with `downstream_outside_base_url` or `downstream_header_refused`
 * @throws TypeError for arguments that no `fetch` accepts
 */
export async function toOutgoingRequest(
  target: OutgoingTarget,
  input: string | URL | Request,
  init: DocumentedRequestInit = {},
): Promise<OutgoingRequest> {
  const given = input instanceof Request ? input : undefined;
  const url = resolveDownstreamUrl(target.baseUrl, input instanceof Request ? input.url : input);
  const method = normalizeMethod(init.method ?? given?.method ?? 'GET');
  const { documented } = init;
  const sendable = dropReserved(new Headers(init.headers ?? given?.headers));
  const headers = refuseSteering(sendable, target, documented !== undefined);
  const isOfRequest = init.body === undefined && given?.body;
  const body = isOfRequest ? await keepBody(given.body) : await toRequestBody(documented?.body ?? init.body);
  const isBodiless = method === 'HEAD' || (method === 'GET' && !documented);
  if (body.content !== null && isBodiless) throw new TypeError(`A ${method} has no body`);
  if (documented?.cookies !== undefined) headers.set('cookie', documented.cookies);
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

import type { AuthorizedRequest, DeniedRequest } from '../invocation/authorized-request.js';
import type { IncomingMessage } from 'node:http';
import Negotiator from 'negotiator';
import { isStream } from '../direct/event-stream.js';
import { isJsonObject } from '../../json/json-object.js';
import { ShortTextCache } from '../../limits/short-text-cache.js';

const JSON_TYPE = 'application/json';
const STREAM_TYPE = 'text/event-stream';

/** A parameter of a media type, such as `charset`. Answers have none, and nobody means to refuse them for that. */
const PARAMETER = /;\s*(?!q\s*=)[^;,]*/gi;

/** A line of an event that has data, as the SDK writes it (WHATWG HTML, Server-sent events). */
const DATA = /^data: ([^\n]*)$/gm;

/** Which forms of an answer a client can read. */
export interface AcceptedTypes {
  readonly json: boolean;
  readonly stream: boolean;
}

/** By header. Clients send the same one each time. */
const known = new ShortTextCache<AcceptedTypes>({ maxSize: 100, maxLength: 500 });

/** Reads `Accept` (RFC 9110 section 12.5.1). A client that does not send it takes anything. */
export function readAcceptedTypes({ headers: { accept = '' } }: Pick<IncomingMessage, 'headers'>): AcceptedTypes {
  return known.get(accept) ?? known.set(accept, negotiate(accept));
}

function negotiate(accept: string): AcceptedTypes {
  if (accept.trim() === '') return { json: true, stream: true };
  const types = new Negotiator({ headers: { accept: accept.replaceAll(PARAMETER, '') } }).mediaTypes([
    JSON_TYPE,
    STREAM_TYPE,
  ]);
  return { json: types.includes(JSON_TYPE), stream: types.includes(STREAM_TYPE) };
}

/**
 * Gives an answer the form that the client can read. The specification leaves the form to the server. Who reads no
 * streams gets the result, and does without the notifications before it.
 *
 * @param body - the message that is answered
 */
export async function toAcceptedForm(response: Response, accepted: AcceptedTypes, body: unknown): Promise<Response> {
  const type = response.headers.get('content-type') ?? '';
  // The SDK sets it on streams. What becomes of a connection is up to Node, and HTTP/2 has no such header.
  response.headers.delete('connection');
  if (isStream(response) && !accepted.stream) return await toJson(response, readId(body));
  if (type.startsWith(JSON_TYPE) && !accepted.json && response.ok) return toStream(response, await response.text());
  return response;
}

/** Refuses a client that can read no answer. */
export function refuseAccept(body: unknown): Response {
  const error = { code: -32_000, message: `Not Acceptable: answers are ${JSON_TYPE} or ${STREAM_TYPE}` };
  return Response.json({ jsonrpc: '2.0', id: readId(body) ?? null, error }, { status: 406 });
}

async function toJson(stream: Response, id: unknown): Promise<Response> {
  const messages = Array.from((await stream.text()).matchAll(DATA), ([, data = '']) => JSON.parse(data) as unknown);
  const answer = messages.find((one) => isJsonObject(one) && one.id === id && one.method === undefined);
  const headers = keepHeaders(stream, JSON_TYPE);
  if (answer !== undefined) return Response.json(answer, { headers });
  // The stream was ended before there was an answer.
  const error = { code: -32_603, message: 'Internal error' };
  return Response.json({ jsonrpc: '2.0', id: id ?? null, error }, { status: 500, headers });
}

function toStream(answer: Response, text: string): Response {
  return new Response(`event: message\ndata: ${text}\n\n`, { headers: keepHeaders(answer, STREAM_TYPE) });
}

function keepHeaders(response: Response, type: string): Headers {
  const headers = new Headers(response.headers);
  for (const name of ['content-length', 'cache-control', 'x-accel-buffering']) headers.delete(name);
  headers.set('content-type', type);
  return headers;
}

function readId(body: unknown): unknown {
  return isJsonObject(body) ? body.id : undefined;
}

/** Only a stream can answer a subscription. */
export function canBeAnswered(served: AuthorizedRequest | DeniedRequest, { json, stream }: AcceptedTypes): boolean {
  return stream || (json && !opensStream(served));
}

/** Whether the answer is a stream without an end. */
export function opensStream(served: AuthorizedRequest | DeniedRequest): boolean {
  return 'authorized' in served && served.authorized.operation?.method === 'subscriptions/listen';
}

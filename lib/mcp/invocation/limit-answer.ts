import type { ServerResponse } from 'node:http';
import { ProtocolError, ProtocolErrorCode, type CallToolResult } from '@modelcontextprotocol/server';
import type { LimitError } from '../../errors/limit-error.js';
import { toRetryResult } from './tool-failure.js';

/** Statuses of HTTP (RFC 6585 section 4, RFC 9110 section 15.6.4). */
const STATUS = { caller_limit_reached: 429, server_limit_reached: 503 } as const;

/** An answer over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** A limit as an error of JSON-RPC. */
export function toLimitError({ code, quantity, message, retryAfterMs }: LimitError): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InternalError, message, { reason: code, quantity, retryAfterMs });
}

/** A limit as the result of a tool, which the model sees. */
export function toLimitResult({ message, retryAfterMs }: LimitError): CallToolResult {
  return toRetryResult(message, retryAfterMs);
}

/**
 * A limit as an answer over HTTP, with the error of JSON-RPC in its body.
 *
 * @param message - the message that is refused
 */
export function createLimitResponse(error: LimitError, message: unknown): Response {
  const { status, headers, body } = describeLimit(error, message);
  return new Response(JSON.stringify(body), { status, headers });
}

/** Sends a limit before the message is dispatched. */
export function sendLimit(response: ServerResponse, error: LimitError, message: unknown): void {
  sendAnswer(response, describeLimit(error, message));
}

/** Sends an answer of which nothing is sent yet. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  sendText(response, JSON.stringify(body), status, headers);
}

const JSON_ALONE = { 'Content-Type': 'application/json' };

/** Characters from which on Node takes longer to write a text than its bytes. */
const LONG = 65_536;

/**
 * Sends the whole text of an answer of which nothing is sent yet. If no headers go ahead of it, Node states its length, and
 * sends everything at once.
 */
export function sendText(
  response: ServerResponse,
  text: string,
  status = 200,
  headers: HttpAnswer['headers'] = JSON_ALONE,
): void {
  response.statusCode = status;
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
  response.end(text.length < LONG ? text : Buffer.from(text));
}

/**
 * Describes the answer to a message that is refused.
 *
 * @param message - the message
 */
export function describeLimit(error: LimitError, message: unknown): HttpAnswer {
  const { id = null } = (message ?? {}) as { id?: unknown };
  const { code, message: text, data } = toLimitError(error);
  return {
    status: STATUS[error.code],
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'Retry-After': String(Math.ceil(error.retryAfterMs / 1000)),
    },
    body: { jsonrpc: '2.0', id, error: { code, message: text, data } },
  };
}

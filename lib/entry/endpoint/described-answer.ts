import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { compareValues, tellValue, type Refusal } from '../../errors/refusal.js';
import type { RequestRefusal } from '../../observability/audit-event.js';
import type { ResolvedEndpoint } from './endpoint-options.js';

/** Why a request is refused, for operators. */
export interface RefusedRequest extends Refusal {
  readonly reason: RequestRefusal;
}

const explained = new WeakMap<IncomingMessage, RefusedRequest>();

/** Says why a request is about to be refused. What is said first counts. */
export function explainRefusal(node: IncomingMessage, refused: RefusedRequest): void {
  if (!explained.has(node)) explained.set(node, refused);
}

/** What was said about a request. */
export function findExplanation(node: IncomingMessage): RefusedRequest | undefined {
  return explained.get(node);
}

const KEEP_TO_MCP = 'No option accepts that. The client has to send what the MCP specification says (Streamable HTTP).';

const REASONS: Readonly<Record<number, RequestRefusal>> = {
  400: 'message',
  404: 'not_found',
  405: 'method',
  406: 'accept',
  413: 'size',
  415: 'media_type',
};

/**
 * Describes a refusal by the status of its answer. The body is not looked at, because it may hold anything.
 *
 * @param areGuardsReached - whether the guards of the endpoint ran
 */
export function describeAnswer(
  { method, headers }: IncomingMessage,
  status: number,
  areGuardsReached: boolean,
  { maxBodySize }: ResolvedEndpoint,
): RefusedRequest {
  const reason = REASONS[status] ?? (areGuardsReached ? 'other' : 'application');
  switch (reason) {
    case 'message':
      return { reason, detail: describeBody(headers), fix: KEEP_TO_MCP };
    case 'method':
      return {
        reason,
        detail: compareValues('its method', method, ['POST']),
        fix: 'Nothing has to be changed. Clients before 2026-07-28 ask for a stream by GET, or end a session by DELETE, and do without.',
      };
    case 'accept':
      return {
        reason,
        detail: compareValues('its Accept', headers.accept, ['application/json', 'text/event-stream']),
        fix: 'No option accepts that. Have the client accept one of these. Only a stream answers a subscription.',
      };
    case 'size':
      return { reason, ...describeLowerLimit(headers, maxBodySize) };
    case 'media_type':
      return { reason, ...describeMediaType(headers) };
    case 'not_found':
      return {
        reason,
        detail: `there is nothing for its method ${tellValue(method)} or its Host ${tellValue(headers.host)} at this path`,
        fix: 'Compare the address of the client with `resource`, and with `endpoint.path` behind a gateway.',
      };
    case 'application':
      return {
        reason,
        detail: `something of the application answered ${describeStatus(status)} before the guards of the endpoint ran`,
        fix: 'Find the guard, middleware or filter that does. If a guard of the whole application wants a mark, give that in `endpoint.decorators`.',
      };
    default:
      return { reason, detail: `it was answered with ${describeStatus(status)}`, fix: KEEP_TO_MCP };
  }
}

/**
 * Says what the answer to a request tells its client. Headers say more about types and methods.
 *
 * @param told - the message of the answer, which may quote the request
 */
export function explainTold(node: IncomingMessage, status: number, told: string): void {
  const reason = REASONS[status] ?? 'other';
  if (told === '' || !['message', 'other'].includes(reason)) return;
  const detail = `it was answered with ${describeStatus(status)}: ${tellValue(told)}`;
  explainRefusal(node, { reason, detail, fix: KEEP_TO_MCP });
}

/** Why a body in a coding or a charset that nobody reads is refused. */
export function describeMediaType(headers: IncomingMessage['headers']): Refusal {
  const { 'content-type': type, 'content-encoding': encoding } = headers;
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    return {
      detail: compareValues('its Content-Encoding', encoding, ['gzip', 'deflate', 'br', 'identity']),
      fix: 'Have the client send it as it is, or add a parser that decodes it.',
    };
  return {
    detail: compareValues('its Content-Type', type, ['application/json', 'application/json; charset=utf-8']),
    fix: 'No option accepts that. Have the client send JSON in UTF-8 (RFC 8259), and say so.',
  };
}

function describeBody({ 'content-type': type, 'content-length': length }: IncomingMessage['headers']): string {
  const size = length === undefined ? 'no stated length' : `the stated length ${tellValue(length)}`;
  return `its body is no message of JSON-RPC that can be read. It has the Content-Type ${tellValue(type)} and ${size}`;
}

function describeLowerLimit(headers: IncomingMessage['headers'], maxBodySize: number): Refusal {
  const size = Number(headers['content-length']);
  if (size <= maxBodySize)
    return {
      detail: `its message has ${size} bytes, and a body parser of the application allows less than \`endpoint.maxBodySize\` (${maxBodySize})`,
      fix: `Raise the limit of the parser, on Express with app.useBodyParser('json', { limit: ${maxBodySize} }).`,
    };
  return {
    detail: `its message has ${Number.isFinite(size) ? `${size} bytes` : 'more'}, and wanted are ${maxBodySize} bytes at most, or what the body parser allows`,
    fix: 'Raise `endpoint.maxBodySize`, and the limit of the body parser with it, if messages of that size are expected.',
  };
}

function describeStatus(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}

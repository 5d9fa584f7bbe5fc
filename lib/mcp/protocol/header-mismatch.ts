import type { IncomingMessage } from 'node:http';
import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';
import type { Operation } from '../../resource-server/access/operation.js';
import type { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import type { ParameterHeader } from '../../resource-server/catalogue/parameter-headers.js';
import { isJsonObject } from '../../json/json-object.js';

const HEADER_MISMATCH = -32020;

/** Headers that say what the body says, in small letters. */
const MIRRORING = /^mcp-(protocol-version|method|name|param-.+)$/;

const BASE64 = /^=\?base64\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/;
const DECIMAL = /^-?\d+(\.0+)?$/;
const VISIBLE_ASCII = /^[\t\x20-\x7e]*$/;

/** Refuses a message whose headers contradict its body: see {@link findHeaderMismatch}. */
export function refuseHeaderMismatch(
  body: unknown,
  authorized: AuthorizedOperation,
  headers: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
): Response | undefined {
  const problem = findHeaderMismatch(body, authorized, headers);
  if (problem === undefined) return undefined;
  const { id } = (body ?? {}) as { id?: unknown };
  const error = { code: HEADER_MISMATCH, message: `Header mismatch: ${problem}` };
  return Response.json({ jsonrpc: '2.0', id, error }, { status: 400 });
}

/**
 * Finds where the headers of a message contradict its body, because intermediaries may have routed it by the headers (MCP
 * specification 2026-07-28, Server Validation). The SDK compares the standard headers of that revision. Here are the
 * headers of tool parameters, headers that are there twice, and standard headers of earlier revisions, which need none.
 *
 * @param body - as the client sent it
 */
export function findHeaderMismatch(
  body: unknown,
  authorized: AuthorizedOperation,
  { headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
): string | undefined {
  const { params } = (body ?? {}) as {
    params?: { arguments?: unknown; _meta?: Record<string, unknown> };
  };
  const isModern = params?._meta?.[PROTOCOL_VERSION_META_KEY] !== undefined;
  return (
    findRepeated(rawHeaders) ??
    (isModern
      ? findParameterMismatch(params.arguments, authorized, headers)
      : findStandardMismatch(authorized.operation, headers))
  );
}

/** Of two headers with one name, an intermediary may have read either. */
function findRepeated(rawHeaders: readonly string[]): string | undefined {
  const names = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const { [index]: sent = '' } = rawHeaders;
    if (!sent.startsWith('m') && !sent.startsWith('M')) continue;
    const name = sent.toLowerCase();
    if (!MIRRORING.test(name)) continue;
    if (names.has(name)) return `${name} is there more than once`;
    names.add(name);
  }
  return undefined;
}

function findStandardMismatch(operation: Operation | undefined, headers: IncomingMessage['headers']) {
  if (!operation) return undefined;
  const method = headers['mcp-method'];
  if (method !== undefined && method !== operation.method) return 'Mcp-Method does not say what the body says';
  const name = headers['mcp-name'];
  const sent = operation.through ?? operation.name;
  if (name === undefined || sent === undefined) return undefined;
  return decode(name) === sent ? undefined : 'Mcp-Name does not say what the body says';
}

function findParameterMismatch(
  args: unknown,
  { operation, primitive, input }: AuthorizedOperation,
  headers: IncomingMessage['headers'],
): string | undefined {
  // Clients know the parameters of the tool that they call. A stand-in has none that headers mirror.
  const hasMirrors = operation?.method === 'tools/call' && operation.through === undefined;
  if (primitive?.kind !== 'tool' || !hasMirrors) return undefined;
  const isRunnable = 'value' in input;
  const wrong = primitive.parameterHeaders.find((one) => {
    const header = headers[`mcp-param-${one.name.toLowerCase()}`];
    return !isMirrored(readArgument(one, args), header, one, isRunnable);
  });
  return wrong && `Mcp-Param-${wrong.name} does not say what the argument ${wrong.path.join('.')} says`;
}

function readArgument({ path }: ParameterHeader, args: unknown): unknown {
  return path.reduce<unknown>(
    (node, key) => (isJsonObject(node) && Object.hasOwn(node, key) ? node[key] : undefined),
    args,
  );
}

/** @param isRunnable - whether the schema accepts the arguments. If not, it says what is wrong with a value */
function isMirrored(
  value: unknown,
  header: string | string[] | undefined,
  { type }: ParameterHeader,
  isRunnable: boolean,
): boolean {
  // A default of the schema is no argument: the client does not know that it applies.
  if (value === undefined || value === null) return header === undefined;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return !isRunnable;
  const told = decode(header);
  if (told === undefined) return false;
  if (typeof value !== 'number') return told === String(value);
  // Digits beyond that are lost when the body is read.
  if (!Number.isSafeInteger(value)) return !isRunnable;
  return type === 'integer' && DECIMAL.test(told) ? Number(told) === value : told === String(value);
}

/** Returns `undefined` if the header is missing, has characters that it may not have, or has no valid encoding. */
function decode(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string' || !VISIBLE_ASCII.test(header)) return undefined;
  if (!header.startsWith('=?base64?') || !header.endsWith('?=')) return header;
  const [, base64] = BASE64.exec(header) ?? [];
  if (base64 === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

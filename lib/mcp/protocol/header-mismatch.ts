import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';
import type { ParameterHeader } from '../../resource-server/catalogue/parameter-headers.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import { isJsonObject } from '../../json/json-object.js';

const HEADER_MISMATCH = -32020;

const BASE64 = /^=\?base64\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/;
const DECIMAL = /^-?\d+(\.\d+)?$/;

/**
 * Refuses a call whose headers contradict its arguments, because intermediaries may have routed it by the headers
 * (MCP specification 2026-07-28, Server Behavior for Custom Headers). Earlier revisions do not have these headers.
 */
export function refuseHeaderMismatch(
  body: unknown,
  primitive: Primitive | undefined,
  headers: Headers,
): Response | undefined {
  const { id, method, params } = (body ?? {}) as {
    id?: unknown;
    method?: unknown;
    params?: { arguments?: unknown; _meta?: Record<string, unknown> };
  };
  const isModern = params?._meta?.[PROTOCOL_VERSION_META_KEY] !== undefined;
  if (primitive?.kind !== 'tool' || method !== 'tools/call' || !isModern) return undefined;
  const wrong = primitive.parameterHeaders.find((one) => !isMirrored(one, params.arguments, headers));
  if (!wrong) return undefined;
  const message = `Header mismatch: Mcp-Param-${wrong.name} differs from the argument ${wrong.path.join('.')}`;
  return Response.json({ jsonrpc: '2.0', id, error: { code: HEADER_MISMATCH, message } }, { status: 400 });
}

function isMirrored({ path, name, type }: ParameterHeader, args: unknown, headers: Headers): boolean {
  const value = path.reduce<unknown>(
    (node, key) => (isJsonObject(node) && Object.hasOwn(node, key) ? node[key] : null),
    args,
  );
  // The schema of the arguments reports any other type of value.
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return true;
  const header = decode(headers.get(`Mcp-Param-${name}`));
  if (header === undefined) return false;
  if (type === 'integer' && typeof value === 'number') return DECIMAL.test(header) && Number(header) === value;
  return header === String(value);
}

/** Returns `undefined` if the header is missing or its encoding is invalid. */
function decode(header: string | null): string | undefined {
  if (header === null) return undefined;
  if (!header.startsWith('=?base64?') || !header.endsWith('?=')) return header;
  const [, base64] = BASE64.exec(header) ?? [];
  if (base64 === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

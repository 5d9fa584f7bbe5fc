import type { IncomingHttpHeaders } from 'node:http';
import {
  classifyInboundRequest,
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  isInitializeRequest,
  isJsonContentType,
  PROTOCOL_VERSION_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import { isEmpty, isJsonObject } from '../../json/json-object.js';
import { ShortTextCache } from '../../limits/short-text-cache.js';
import { isSubscriptionFilter } from './listen-filter.js';

/** The revision that has an envelope in each request. */
const MODERN_REVISION = '2026-07-28';

/** Keys of `_meta` that the protocol defines begin so. */
const RESERVED = 'io.modelcontextprotocol/';

const ENVELOPE = [
  PROTOCOL_VERSION_META_KEY,
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  `${RESERVED}logLevel`,
] as const;

type Members = Readonly<Record<string, unknown>>;

/** A message that the SDK would accept as it is. */
export interface DirectMessage {
  readonly era: 'modern' | 'legacy';
  readonly id: string | number;
  readonly method: string;
  readonly params: Members;
  /** `_meta` without the envelope. */
  readonly meta: Members | undefined;
  /** What a request of 2026-07-28 says of its client. */
  readonly envelope: Members | undefined;
}

/** Which parameters each method has, besides `_meta`, and what they may be. */
const PARAMETERS: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  'completion/complete': { ref: isReference, argument: isArgument },
  initialize: {},
  ping: {},
  'prompts/get': { name: isText, arguments: isOptional(isTexts) },
  'prompts/list': { cursor: isOptional(isText) },
  'resources/list': { cursor: isOptional(isText) },
  'resources/read': { uri: isText },
  'resources/templates/list': { cursor: isOptional(isText) },
  'server/discover': {},
  'subscriptions/listen': { notifications: isSubscriptionFilter },
  'tools/call': { name: isText, arguments: isOptional(isJsonObject) },
  'tools/list': { cursor: isOptional(isText) },
};

const KINDS = new Map(Object.entries(PARAMETERS).map(([method, kinds]) => [method, Object.entries(kinds)]));

/** The parameter that `Mcp-Name` repeats. */
const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

const OF_MODERN = new Set(Object.keys(PARAMETERS).filter((method) => method !== 'initialize' && method !== 'ping'));
const OF_LEGACY = new Set(
  Object.keys(PARAMETERS).filter((method) => method !== 'server/discover' && method !== 'subscriptions/listen'),
);

/**
 * Reads a message that one message answers, if there is nothing about it that the SDK would refuse or that is rare. The
 * SDK answers all others.
 *
 * @param body - of a POST
 * @param headers - of its request
 */
export function readDirectMessage(body: unknown, headers: IncomingHttpHeaders): DirectMessage | undefined {
  const { 'content-type': type } = headers;
  if (type !== 'application/json' && !isJsonContentType(type)) return undefined;
  if (!isJsonObject(body) || !Object.hasOwn(PARAMETERS, String(body.method))) return undefined;
  const version = readHeader(headers, 'mcp-protocol-version');
  const method = readHeader(headers, 'mcp-method');
  const name = readHeader(headers, 'mcp-name');
  const era = findEra(body, version, method);
  const message = era && toMessage(body, era);
  if (!message) return undefined;
  if (era === 'modern') {
    const source = NAMED_BY[message.method];
    const isNamed = source === undefined ? name === undefined : name === message.params[source];
    return version !== undefined && method !== undefined && isNamed && OF_MODERN.has(message.method)
      ? message
      : undefined;
  }
  const isKnown = version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(version);
  const isWhole = message.method !== 'initialize' || isInitializeRequest(body);
  return isKnown && isWhole && OF_LEGACY.has(message.method) ? message : undefined;
}

type Era = DirectMessage['era'];

/** By frame. Those of one client are the same each time. */
const eras = new ShortTextCache<Era | 'neither'>({ maxSize: 500, maxLength: 2_000 });

/**
 * Has the SDK classify a request by its frame: all but its id, its progress token, and the parameters of its method, which
 * the SDK does not look at here.
 *
 * @returns `undefined` if it is no request that the SDK would serve
 */
function findEra(body: Members, version: string | undefined, methodHeader: string | undefined): Era | undefined {
  const { jsonrpc, id, method, params, ...others } = body;
  const isId = typeof id === 'string' || Number.isSafeInteger(id);
  if (jsonrpc !== '2.0' || !isId || !isEmpty(others)) return undefined;
  const seen = isJsonObject(params) ? readFrame(params) : params;
  const frame = JSON.stringify({ version, methodHeader, method, params: seen });
  const era = eras.get(frame) ?? eras.set(frame, classify(body, version, methodHeader) ?? 'neither');
  return era === 'neither' ? undefined : era;
}

/** What the SDK looks at in parameters. A progress token that could not be one is looked at here, too. */
function readFrame({ _meta: meta, protocolVersion }: Members): Members {
  const hasToken = isJsonObject(meta) && meta.progressToken !== undefined && isProgressToken(meta.progressToken);
  if (!hasToken) return { meta, protocolVersion };
  const { progressToken, ...rest } = meta;
  return { meta: rest, protocolVersion };
}

function classify(body: Members, version: string | undefined, methodHeader: string | undefined): Era | undefined {
  const route = classifyInboundRequest({
    httpMethod: 'POST',
    ...(version !== undefined && { protocolVersionHeader: version }),
    ...(methodHeader !== undefined && { mcpMethodHeader: methodHeader }),
    body,
  });
  if (route.kind === 'modern')
    return route.messageKind === 'request' && route.classification.revision === MODERN_REVISION ? 'modern' : undefined;
  const isServed = route.kind === 'legacy' && (route.reason === 'initialize' || route.reason === 'no-claim');
  return isServed ? 'legacy' : undefined;
}

function toMessage(body: Members, era: Era): DirectMessage | undefined {
  const { id, method, params = {} } = body;
  if ((typeof id !== 'string' && typeof id !== 'number') || typeof method !== 'string' || !isJsonObject(params))
    return undefined;
  const kinds = PARAMETERS[method] ?? {};
  const isFitting = (KINDS.get(method) ?? []).every(([name, isKind]) => isKind(params[name]));
  const isKnown =
    method === 'initialize' || Object.keys(params).every((name) => name === '_meta' || Object.hasOwn(kinds, name));
  const { _meta: meta } = params;
  if (!isFitting || !isKnown || !(meta === undefined || isPlainMeta(meta, era))) return undefined;
  if (era === 'legacy' || !meta) return { era, id, method, params, meta, envelope: undefined };
  const [envelope, rest] = splitMeta(meta);
  return { era, id, method, params, meta: rest, envelope };
}

function splitMeta(meta: Members): [envelope: Members, rest: Members | undefined] {
  const envelope: Record<string, unknown> = {};
  let rest: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(meta)) {
    if ((ENVELOPE as readonly string[]).includes(key)) envelope[key] = value;
    else (rest ??= {})[key] = value;
  }
  return [envelope, rest];
}

function isPlainMeta(meta: unknown, era: Era): meta is Members {
  if (!isJsonObject(meta)) return false;
  const known: readonly string[] = era === 'modern' ? ENVELOPE : [];
  return (
    isProgressToken(meta.progressToken) &&
    Object.keys(meta).every((key) => !key.startsWith(RESERVED) || known.includes(key))
  );
}

function isProgressToken(value: unknown): boolean {
  return value === undefined || isText(value) || Number.isSafeInteger(value);
}

function readHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isOptional(isKind: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === undefined || isKind(value);
}

function isTexts(value: unknown): boolean {
  return isJsonObject(value) && Object.values(value).every(isText);
}

function isReference(value: unknown): boolean {
  if (!isJsonObject(value) || Object.keys(value).length !== 2) return false;
  return (value.type === 'ref/prompt' && isText(value.name)) || (value.type === 'ref/resource' && isText(value.uri));
}

function isArgument(value: unknown): boolean {
  return isJsonObject(value) && Object.keys(value).length === 2 && isText(value.name) && isText(value.value);
}

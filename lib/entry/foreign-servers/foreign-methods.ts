import { isJsonObject } from '../../json/json-object.js';
import type { Operation } from '../../resource-server/access/operation.js';

/** Whose rules a method goes by. */
export type RuledKind = 'tools' | 'resources' | 'prompts';

/** Methods that name a tool, a resource or a prompt. Its rule applies. */
const NAMING: Readonly<Record<string, RuledKind>> = {
  'prompts/get': 'prompts',
  'resources/read': 'resources',
  'resources/subscribe': 'resources',
  'resources/unsubscribe': 'resources',
  'tools/call': 'tools',
};

/** Methods of the protocol itself, in all revisions. They name nothing that has a rule. */
const PROTOCOL: ReadonlySet<string> = new Set([
  'initialize',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/initialized',
  'notifications/progress',
  'notifications/roots/list_changed',
  'ping',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'server/discover',
  'tools/list',
]);

/** What `subscriptions/listen` may ask for besides resources (MCP specification 2026-07-28, `SubscriptionFilter`). */
const LIST_CHANGES: ReadonlySet<string> = new Set(['promptsListChanged', 'resourcesListChanged', 'toolsListChanged']);

/** Maximum number of resources that one stream may follow. */
const MAX_WATCHED = 1_000;

/** What a message is about, as far as rules are concerned. */
export type Subject =
  | { readonly of: 'protocol' }
  | { readonly of: RuledKind; readonly name: string }
  | { readonly of: 'template'; readonly name: string }
  | { readonly of: 'stream'; readonly uris: readonly string[] }
  | { readonly of: 'other' }
  /** It does not say what it is about, or not in a way that all servers read alike. */
  | { readonly of: 'nothing'; readonly reason: string };

/** Whether a method goes by the rules of what it names, so that it can have none itself. */
export function namesRuled(method: string): boolean {
  return Object.hasOwn(NAMING, method) || method === 'completion/complete' || method === 'subscriptions/listen';
}

/**
 * The use of what an operation names, if that is another one. Rules and policies judge the use: of a subscription the
 * read, of a completion the prompt or the read of the template.
 */
export function findUse({ method, name }: Operation, kind: 'prompts' | 'resources'): Operation | undefined {
  const use = kind === 'prompts' ? 'prompts/get' : 'resources/read';
  return use === method ? undefined : { method: use, name };
}

/** @param body - the JSON-RPC message */
export function readSubject({ method, name }: Operation, body: unknown): Subject {
  if (PROTOCOL.has(method)) return { of: 'protocol' };
  const params = isJsonObject(body) && isJsonObject(body.params) ? body.params : {};
  if (method === 'subscriptions/listen') return readStream(params);
  if (!namesRuled(method)) return { of: 'other' };
  if (name === undefined) return { of: 'nothing', reason: 'it names nothing as text' };
  const kind = Object.hasOwn(NAMING, method) ? NAMING[method] : undefined;
  if (kind) return { of: kind, name };
  const type = isJsonObject(params.ref) && params.ref.type;
  if (type === 'ref/resource') return { of: 'template', name };
  return type === 'ref/prompt' ? { of: 'prompts', name } : { of: 'nothing', reason: 'it completes something unknown' };
}

function readStream({ notifications }: Record<string, unknown>): Subject {
  if (!isJsonObject(notifications)) return { of: 'nothing', reason: 'it names no `notifications`' };
  const { resourceSubscriptions: uris = [], ...others } = notifications;
  const unknown = Object.keys(others).find((key) => !LIST_CHANGES.has(key));
  if (unknown !== undefined) return { of: 'nothing', reason: `it asks for "${unknown}", for which there are no rules` };
  if (!Array.isArray(uris) || uris.length > MAX_WATCHED || !uris.every((uri) => typeof uri === 'string'))
    return { of: 'nothing', reason: `\`resourceSubscriptions\` is no list of ${MAX_WATCHED} URIs at most` };
  return { of: 'stream', uris: [...new Set(uris)] };
}

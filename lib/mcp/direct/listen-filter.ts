import type { ServerCapabilities, ServerEvent, SubscriptionFilter } from '@modelcontextprotocol/server';
import { isJsonObject } from '../../json/json-object.js';

/** The list that each member of a filter is about. */
const LISTS = {
  toolsListChanged: 'tools',
  promptsListChanged: 'prompts',
  resourcesListChanged: 'resources',
} as const;

type ListMember = keyof typeof LISTS;

const LIST_MEMBERS = Object.keys(LISTS) as ListMember[];

const MEMBERS: ReadonlySet<string> = new Set([...LIST_MEMBERS, 'resourceSubscriptions']);

const MEMBER_OF = {
  tools_list_changed: 'toolsListChanged',
  prompts_list_changed: 'promptsListChanged',
  resources_list_changed: 'resourcesListChanged',
} as const satisfies Partial<Record<ServerEvent['kind'], ListMember>>;

/** Whether a value is a filter of `subscriptions/listen` with nothing in it that the protocol does not know. */
export function isSubscriptionFilter(value: unknown): value is SubscriptionFilter {
  if (!isJsonObject(value) || !Object.keys(value).every((name) => MEMBERS.has(name))) return false;
  const { resourceSubscriptions: uris } = value;
  return (
    LIST_MEMBERS.every((name) => value[name] === undefined || typeof value[name] === 'boolean') &&
    (uris === undefined || (Array.isArray(uris) && uris.every((uri) => typeof uri === 'string')))
  );
}

/**
 * The part of a filter that the server can serve, as the SDK's listeners are told (MCP specification 2026-07-28,
 * Subscriptions).
 */
export function honorFilter(
  { resourceSubscriptions: uris = [], ...lists }: SubscriptionFilter,
  capabilities: ServerCapabilities,
): SubscriptionFilter {
  const honored: SubscriptionFilter = {};
  for (const name of LIST_MEMBERS)
    if (lists[name] === true && capabilities[LISTS[name]]?.listChanged === true) honored[name] = true;
  if (uris.length > 0 && capabilities.resources?.subscribe === true) honored.resourceSubscriptions = [...uris];
  return honored;
}

/** What one subscription hears of, in few bytes: there are many subscriptions. */
export class SubscribedEvents {
  readonly #lists: number;
  readonly #uris: ReadonlySet<string> | undefined;

  constructor({ resourceSubscriptions: uris, ...lists }: SubscriptionFilter) {
    this.#lists = LIST_MEMBERS.reduce((bits, name, index) => bits | (lists[name] === true ? 1 << index : 0), 0);
    this.#uris = uris && new Set(uris);
  }

  has(event: ServerEvent): boolean {
    if (event.kind === 'resource_updated') return this.#uris?.has(event.uri) === true;
    return (this.#lists & (1 << LIST_MEMBERS.indexOf(MEMBER_OF[event.kind]))) !== 0;
  }
}

import { SUBSCRIPTION_ID_META_KEY, type SubscriptionFilter } from '@modelcontextprotocol/server';

/** The message that a subscription begins with (MCP specification 2026-07-28, Subscriptions). */
export function encodeAcknowledgement(id: string | number, notifications: SubscriptionFilter): string {
  const params = { notifications, _meta: { [SUBSCRIPTION_ID_META_KEY]: id } };
  return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params });
}

/** The message that ends a subscription without an error (MCP specification 2026-07-28, Subscriptions). */
export function encodeFarewell(id: string | number): string {
  const result = { resultType: 'complete', _meta: { [SUBSCRIPTION_ID_META_KEY]: id } };
  return JSON.stringify({ jsonrpc: '2.0', id, result });
}

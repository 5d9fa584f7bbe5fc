import { SUBSCRIPTION_ID_META_KEY, type ServerEvent } from '@modelcontextprotocol/server';

/** Stands for the id of a subscription. */
const ID = '0';

/** What follows the id in a message. */
const AFTER_ID = '}}}';

/** Writes a message as an event of a stream (WHATWG HTML, Server-sent events). */
export function encodeFrame(message: string): string {
  return `event: message\ndata: ${message}\n\n`;
}

/** The notification of an event, as it is sent. It is written once for all who hear of it. */
export class EncodedEvent {
  readonly #notification: Readonly<Record<string, unknown>>;
  readonly #beforeId: string;
  #frame: Buffer | undefined;
  /** The frame for one subscription. Most clients count from 1, so that their ids are the same. */
  #last: { readonly id: string; readonly frame: Buffer } | undefined;

  constructor(event: ServerEvent) {
    const notification = toNotification(event);
    const params = { ...notification.params, _meta: { [SUBSCRIPTION_ID_META_KEY]: Number(ID) } };
    this.#notification = notification;
    this.#beforeId = JSON.stringify({ ...notification, params }).slice(0, -(ID + AFTER_ID).length);
  }

  /** The notification for clients before 2026-07-28. */
  get frame(): Buffer {
    this.#frame ??= Buffer.from(encodeFrame(JSON.stringify(this.#notification)));
    return this.#frame;
  }

  /** @param id - of the subscription, as JSON (MCP specification 2026-07-28, Subscriptions) */
  createFrame(id: string): Buffer {
    if (this.#last?.id !== id) this.#last = { id, frame: Buffer.from(encodeFrame(this.#beforeId + id + AFTER_ID)) };
    return this.#last.frame;
  }
}

/** Turns an event into the notification that clients receive. */
function toNotification(event: ServerEvent): {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: object;
} {
  if (event.kind === 'resource_updated') {
    return { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: event.uri } };
  }
  return { jsonrpc: '2.0', method: `notifications/${event.kind.replace('_list_changed', '/list_changed')}` };
}

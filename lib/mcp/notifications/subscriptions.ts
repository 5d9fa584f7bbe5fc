import { Injectable } from '@nestjs/common';
import type { ServerEvent } from '@modelcontextprotocol/server';
import { ExpiringCache } from '../../time/expiring-cache.js';
import { listenToAllowed, type MayRead } from './allowed-events.js';
import { ChangeNotifications } from './change-notifications.js';

/**
 * Maximum number of parties whose subscriptions are remembered, for how many milliseconds, and how many each may have.
 */
const MAX_PARTIES = 10_000;
const MAX_AGE = 24 * 60 * 60_000;
const MAX_URIS = 1_000;

/** Milliseconds between two keep-alive comments on a stream. */
const KEEP_ALIVE = 15_000;

/**
 * Subscriptions of clients before 2026-07-28. They subscribe in separate requests (`resources/subscribe`) and listen
 * on a stream, in this replica or in another one.
 */
@Injectable()
export class Subscriptions {
  readonly #uris = new ExpiringCache<Set<string>>(MAX_PARTIES);

  constructor(private readonly notifications: ChangeNotifications) {
    notifications.onHanded((kind, party, message) => {
      const { params } = message as { params?: { uri?: unknown } };
      if ((kind === 'subscribe' || kind === 'unsubscribe') && typeof params?.uri === 'string')
        this.#take(kind, party, params.uri);
    });
  }

  /** @param party - the owner of the subscription */
  change(kind: 'subscribe' | 'unsubscribe', party: string, uri: string): void {
    this.#take(kind, party, uri);
    this.notifications.hand(kind, party, { jsonrpc: '2.0', method: `resources/${kind}`, params: { uri } }, false);
  }

  /**
   * Whether a party receives an event. It receives every list change, and updates of the resources it subscribed to.
   */
  isSubscribed(party: string, event: ServerEvent): boolean {
    return event.kind !== 'resource_updated' || (this.#uris.get(party)?.has(event.uri) ?? false);
  }

  /**
   * Opens a stream of the events that a party receives.
   *
   * @param mayRead - whether the listener may read a resource
   */
  openStream(party: string, mayRead: MayRead): Response {
    const encoder = new TextEncoder();
    let end: () => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const write = (text: string) => {
          controller.enqueue(encoder.encode(text));
        };
        const mayHear = (uri: string) => this.isSubscribed(party, { kind: 'resource_updated', uri }) && mayRead(uri);
        const unsubscribe = listenToAllowed(this.notifications.bus, mayHear, (event) => {
          write(`event: message\ndata: ${JSON.stringify(toNotification(event))}\n\n`);
        });
        const timer = setInterval(() => {
          write(': keep-alive\n\n');
        }, KEEP_ALIVE).unref();
        end = () => {
          clearInterval(timer);
          unsubscribe();
        };
        write(': listening\n\n');
      },
      cancel: () => {
        end();
      },
    });
    const headers = {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    };
    return new Response(body, { headers });
  }

  #take(kind: 'subscribe' | 'unsubscribe', party: string, uri: string): void {
    const uris = this.#uris.get(party) ?? new Set();
    if (kind === 'unsubscribe') uris.delete(uri);
    else if (uris.size < MAX_URIS) uris.add(uri);
    this.#uris.set(party, uris, MAX_AGE);
  }
}

/** Turns an event into the notification that clients receive. */
function toNotification(event: ServerEvent): Record<string, unknown> {
  if (event.kind === 'resource_updated') {
    return { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: event.uri } };
  }
  return { jsonrpc: '2.0', method: `notifications/${event.kind.replace('_list_changed', '/list_changed')}` };
}

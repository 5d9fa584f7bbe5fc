import { Injectable } from '@nestjs/common';
import type { ServerEvent } from '@modelcontextprotocol/server';
import { LimitError } from '../../errors/limit-error.js';
import { CallerLimits } from '../../limits/caller-limits.js';
import { FairCache } from '../../limits/fair-cache.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { ChangeNotifications } from './change-notifications.js';

/** Milliseconds for which a subscription is remembered. */
const MAX_AGE = 24 * 60 * 60_000;

/** Who subscribes. */
export interface Subscriber {
  /** The owner of the subscription: a conversation of a caller. */
  readonly party: string;
  /** The caller. */
  readonly holder: Caller | undefined;
}

/**
 * Subscriptions of clients before 2026-07-28. They subscribe in separate requests (`resources/subscribe`) and listen
 * on a stream, in this replica or in another one.
 */
@Injectable()
export class Subscriptions {
  readonly #uris: FairCache<true>;

  constructor(
    private readonly notifications: ChangeNotifications,
    limits: CallerLimits,
  ) {
    this.#uris = new FairCache(limits.of('subscriptions'));
    notifications.onHanded((kind, party, message, holder) => {
      const { params } = message as { params?: { uri?: unknown } };
      if ((kind === 'subscribe' || kind === 'unsubscribe') && typeof params?.uri === 'string')
        this.#takeHanded(kind, { party, holder }, params.uri);
    });
  }

  /** @throws LimitError if there is no room for another subscription */
  change(kind: 'subscribe' | 'unsubscribe', subscriber: Subscriber, uri: string): void {
    this.#take(kind, subscriber, uri);
    const { party, holder } = subscriber;
    const message = { jsonrpc: '2.0', method: `resources/${kind}`, params: { uri } } as const;
    this.notifications.hand(kind, party, message, false, holder);
  }

  /**
   * Whether a party receives an event. It receives every list change, and updates of the resources it subscribed to.
   */
  isSubscribed(party: string, event: ServerEvent): boolean {
    return event.kind !== 'resource_updated' || this.#uris.get(deriveKey('subscription', party, event.uri)) === true;
  }

  #take(kind: 'subscribe' | 'unsubscribe', { party, holder }: Subscriber, uri: string): void {
    const key = deriveKey('subscription', party, uri);
    if (kind === 'subscribe') this.#uris.set(key, true, { holder, lifetimeMs: MAX_AGE });
    else this.#uris.delete(key);
  }

  /** The replica that received the request has answered it. */
  #takeHanded(kind: 'subscribe' | 'unsubscribe', subscriber: Subscriber, uri: string): void {
    try {
      this.#take(kind, subscriber, uri);
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
    }
  }
}

import { Injectable } from '@nestjs/common';
import { EventOrder, type EventListener } from './allowed-events.js';
import { ChangeNotifications } from './change-notifications.js';
import { EncodedEvent } from './encoded-event.js';
import { KeepAlive, type Silent } from './keep-alive.js';
import { Rounds } from './rounds.js';

/** An open stream of notifications. */
export interface EventStreamListener extends EventListener<EncodedEvent>, Silent {}

/** All streams of notifications of this process. An event is written once for all of them. */
@Injectable()
export class EventStreams {
  readonly #open = new Set<EventStreamListener>();
  readonly #order = new EventOrder<EncodedEvent>();
  readonly #rounds = new Rounds<EventStreamListener>();
  readonly #keepAlive = new KeepAlive();
  /** Ends the subscription that there is while streams are open. */
  #unsubscribe: (() => void) | undefined;

  constructor(private readonly notifications: ChangeNotifications) {}

  add(stream: EventStreamListener): void {
    this.#open.add(stream);
    this.#keepAlive.add(stream);
    this.#unsubscribe ??= this.#subscribe();
  }

  delete(stream: EventStreamListener): void {
    this.#open.delete(stream);
    this.#keepAlive.delete(stream);
    if (this.#open.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #subscribe(): () => void {
    return this.notifications.bus.subscribe((event) => {
      const encoded = new EncodedEvent(event);
      this.#rounds.begin(this.#open, (stream) => {
        if (!stream.isOver) this.#order.pass(stream, event, encoded);
      });
    });
  }
}

import { Injectable } from '@nestjs/common';
import { EventOrder, type EventListener } from './allowed-events.js';
import { ChangeNotifications } from './change-notifications.js';
import { EncodedEvent } from './encoded-event.js';
import { Rounds } from './rounds.js';

/** Milliseconds between two signs of life. Common proxies end an answer that is silent for a minute. */
const KEEP_ALIVE = 15_000;

/** An open stream of notifications. */
export interface EventStreamListener extends EventListener<EncodedEvent> {
  /** Tells the client, and proxies before it, that the stream is open. */
  keepAlive(): void;
}

/** All streams of notifications of this process. An event is written once for all of them. */
@Injectable()
export class EventStreams {
  readonly #open = new Set<EventStreamListener>();
  readonly #order = new EventOrder<EncodedEvent>();
  readonly #rounds = new Rounds<EventStreamListener>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ bus }: ChangeNotifications) {
    bus.subscribe((event) => {
      if (this.#open.size === 0) return;
      const encoded = new EncodedEvent(event);
      this.#visit((stream) => {
        this.#order.pass(stream, event, encoded);
      });
    });
  }

  add(stream: EventStreamListener): void {
    this.#open.add(stream);
    this.#timer ??= setInterval(() => {
      this.#visit((one) => {
        one.keepAlive();
      });
    }, KEEP_ALIVE).unref();
  }

  delete(stream: EventStreamListener): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #visit(visit: (stream: EventStreamListener) => void): void {
    this.#rounds.begin(this.#open, (stream) => {
      if (!stream.isOver) visit(stream);
    });
  }
}

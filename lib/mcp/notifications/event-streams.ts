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
  /** Ends what there is while streams are open. */
  #rest: (() => void) | undefined;

  constructor(private readonly notifications: ChangeNotifications) {}

  add(stream: EventStreamListener): void {
    this.#open.add(stream);
    this.#rest ??= this.#work();
  }

  delete(stream: EventStreamListener): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    this.#rest?.();
    this.#rest = undefined;
  }

  #work(): () => void {
    const timer = setInterval(() => {
      this.#visit((stream) => {
        stream.keepAlive();
      });
    }, KEEP_ALIVE).unref();
    const unsubscribe = this.notifications.bus.subscribe((event) => {
      const encoded = new EncodedEvent(event);
      this.#visit((stream) => {
        this.#order.pass(stream, event, encoded);
      });
    });
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }

  #visit(visit: (stream: EventStreamListener) => void): void {
    this.#rounds.begin(this.#open, (stream) => {
      if (!stream.isOver) visit(stream);
    });
  }
}

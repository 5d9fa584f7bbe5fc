import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';

/** Whether the listener may read a resource at this moment. */
export type MayRead = (uri: string) => boolean | Promise<boolean>;

/** Who is told of events, each as `Told`. */
export interface EventListener<Told> {
  /** Whether nothing more is told. */
  readonly isOver: boolean;
  /** Whether the listener hears of an event at this moment. */
  hears(event: ServerEvent): boolean | Promise<boolean>;
  tell(told: Told): void;
}

/** Tells each listener of events in order. An event that has to be checked first holds up those after it. */
export class EventOrder<Told> {
  /** The events that wait for a check, and those after them. */
  readonly #waiting = new WeakMap<EventListener<Told>, Promise<void>>();

  /** An event is dropped if its check fails, or the listener does not take it. */
  pass(listener: EventListener<Told>, event: ServerEvent, told: Told): void {
    const waiting = this.#waiting.get(listener);
    const heard = waiting ? waiting.then(() => listener.hears(event)) : listener.hears(event);
    if (typeof heard === 'boolean') {
      if (heard) listener.tell(told);
      return;
    }
    const passed = heard
      .then((isHeard) => {
        if (isHeard && !listener.isOver) listener.tell(told);
      })
      .catch(() => undefined);
    this.#waiting.set(listener, passed);
    void passed.then(() => {
      if (this.#waiting.get(listener) === passed) this.#waiting.delete(listener);
    });
  }
}

/**
 * Listens to events in order. Skips events of resources that the listener may no longer read.
 *
 * @returns a function that stops listening
 */
export function listenToAllowed(
  bus: ServerEventBus,
  mayRead: MayRead,
  listener: (event: ServerEvent) => void,
): () => void {
  const order = new EventOrder<ServerEvent>();
  const allowed = {
    isOver: false,
    hears: (event: ServerEvent) => event.kind !== 'resource_updated' || mayRead(event.uri),
    tell: listener,
  };
  const stop = bus.subscribe((event) => {
    order.pass(allowed, event, event);
  });
  return () => {
    allowed.isOver = true;
    stop();
  };
}

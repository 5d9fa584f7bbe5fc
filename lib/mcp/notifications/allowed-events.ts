import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';

/** Whether the listener may read a resource at this moment. */
export type MayRead = (uri: string) => boolean | Promise<boolean>;

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
  let isOver = false;
  /** The events that wait for a check, and those after them. */
  let waiting: Promise<void> | undefined;
  const tell = async (event: ServerEvent) => {
    const isAllowed = event.kind !== 'resource_updated' || (await mayRead(event.uri));
    if (isAllowed && !isOver) listener(event);
  };
  const stop = bus.subscribe((event) => {
    if (!waiting && event.kind !== 'resource_updated') {
      listener(event);
      return;
    }
    // An event is dropped if the check fails or the stream no longer accepts it.
    const told = (waiting ?? Promise.resolve()).then(() => tell(event)).catch(() => undefined);
    waiting = told;
    void told.then(() => {
      if (waiting === told) waiting = undefined;
    });
  });
  return () => {
    isOver = true;
    stop();
  };
}

import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';

/** Whether whoever listens may read a resource at the time. */
export type MayRead = (uri: string) => boolean | Promise<boolean>;

/**
 * Listens to events in their order. Those of resources that may not be read any more are left out.
 *
 * @returns stops it
 */
export function listenToAllowed(
  bus: ServerEventBus,
  mayRead: MayRead,
  listener: (event: ServerEvent) => void,
): () => void {
  let told = Promise.resolve();
  let isOver = false;
  const tell = async (event: ServerEvent) => {
    const isAllowed = event.kind !== 'resource_updated' || (await mayRead(event.uri));
    if (isAllowed && !isOver) listener(event);
  };
  const stop = bus.subscribe((event) => {
    // What cannot be decided is not told, nor what the stream does not take any more.
    told = told.then(() => tell(event)).catch(() => undefined);
  });
  return () => {
    isOver = true;
    stop();
  };
}

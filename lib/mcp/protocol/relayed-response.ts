/** Ends a body, with or without a last piece. */
export type EndBody = (farewell?: Uint8Array) => void;

/** Options for relaying a body. */
export interface Relaying {
  /** The reader of the body, if reading has already begun. */
  readonly reader?: ReadableStreamDefaultReader<Uint8Array>;
  /** The first piece, if it was already read. */
  readonly first?: ReadableStreamReadResult<Uint8Array>;
  /** Receives a function that ends the body early. */
  readonly onStart?: (end: EndBody) => void;
  /** Called once when the body is over, whatever ended it. */
  readonly onOver?: () => void;
}

/** Relays the body of a response piece by piece. The relayed body can be ended early. */
export function relay(response: Response, { reader, first, onStart, onOver }: Relaying): Response {
  const source = reader ?? response.body?.getReader();
  if (!source) return response;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    onOver?.();
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (first) pass(first, controller);
      onStart?.((farewell) => {
        if (isOver) return;
        end();
        if (farewell) controller.enqueue(farewell);
        controller.close();
        void source.cancel().catch(() => undefined);
      });
    },
    async pull(controller) {
      const piece = await source.read().catch((error: unknown) => {
        end();
        throw error;
      });
      // The body may have been ended while this read was pending.
      if (!isOver) pass(piece, controller);
    },
    async cancel(reason) {
      end();
      await source.cancel(reason);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });

  function pass(
    { done, value }: ReadableStreamReadResult<Uint8Array>,
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): void {
    if (value) controller.enqueue(value);
    if (!done) return;
    end();
    controller.close();
  }
}

/**
 * Reads the body of a response as soon as it comes, and ends it when too much waits for the client. A body that nobody
 * reads would grow.
 *
 * @param maxBytes - that may wait
 */
export function limitBacklog(response: Response, maxBytes: number): Response {
  const source = response.body?.getReader();
  if (!source) return response;
  const passAll = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    for (;;) {
      const { done, value } = await source.read();
      if (value) controller.enqueue(value);
      if (done || (controller.desiredSize ?? 0) <= 0) break;
    }
    controller.close();
    await source.cancel();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // The client may have gone away.
        void passAll(controller).catch(() => source.cancel().catch(() => undefined));
      },
      async cancel(reason) {
        await source.cancel(reason);
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxBytes }),
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

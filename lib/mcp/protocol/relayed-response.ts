/** Ends a body, with a last piece or without. */
export type EndBody = (farewell?: Uint8Array) => void;

/** What has to do with a body that is passed on. */
export interface Relaying {
  /** Reads the body of the response, where somebody has begun to. */
  readonly reader?: ReadableStreamDefaultReader<Uint8Array>;
  /** What was read of it. */
  readonly first?: ReadableStreamReadResult<Uint8Array>;
  /** Given what ends the body before its source does. */
  readonly onStart?: (end: EndBody) => void;
  /** Told once that nothing comes any more, whoever ended it. */
  readonly onOver?: () => void;
}

/** A response that passes on the body of another, piece by piece as it is read, and can be ended before that. */
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
      // It may have been ended while nothing came.
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

import { runAt } from './run-at.js';

/** Ends a body, with or without a last piece. */
export type EndBody = (farewell?: Uint8Array) => void;

/** Options for relaying a body. */
export interface Relaying {
  /** The reader of the body, if reading has already begun. */
  readonly reader?: ReadableStreamDefaultReader<Uint8Array>;
  /** The first piece, if it was already read. */
  readonly first?: ReadableStreamReadResult<Uint8Array>;
  /**
   * Bytes that may wait for the client. With it, the body is read as soon as it comes, and ends when more waits: one that
   * nobody reads would grow. Without it, the body is read as fast as the client reads.
   */
  readonly maxUnread?: number;
  /** When the body ends at the latest, in milliseconds since the epoch. */
  readonly endsAt?: number | undefined;
  /** Receives a function that ends the body early. */
  readonly onStart?: (end: EndBody) => void;
  /** Called once when the body is over and nothing of it waits any more, whatever ended it. */
  readonly onOver?: () => void;
}

/** Relays the body of a response piece by piece. The relayed body can be ended early. */
export function relay(response: Response, relaying: Relaying): Response {
  const source = relaying.reader ?? response.body?.getReader();
  if (!source) return response;
  const { status, statusText, headers } = response;
  // With a limit all that waits is in the relay, where it is counted.
  const highWaterMark = relaying.maxUnread === undefined ? 1 : 0;
  const body = new ReadableStream<Uint8Array>(new Relay(source, relaying), { highWaterMark });
  return new Response(body, { status, statusText, headers });
}

/** Reads a body, and hands its pieces to a client. There is one for each stream that is open, so that it has to be small. */
class Relay implements UnderlyingDefaultSource<Uint8Array> {
  readonly #waiting: Uint8Array[] = [];
  #unread = 0;
  /** Whether the body has no more pieces than those that wait. */
  #isComplete = false;
  /** Whether nothing is handed on any more. */
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #stopTimer: (() => void) | undefined;
  /** Called when there is something to hand on. */
  #wake: (() => void) | undefined;

  constructor(
    private readonly source: ReadableStreamDefaultReader<Uint8Array>,
    private readonly relaying: Relaying,
  ) {
    if (relaying.first) this.#take(relaying.first);
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.relaying.maxUnread !== undefined) void this.#readAll(this.relaying.maxUnread);
    const end: EndBody = (farewell) => {
      if (this.#isOver) return;
      this.#end();
      if (farewell) controller.enqueue(farewell);
      controller.close();
      this.#cancelSource();
    };
    this.relaying.onStart?.(end);
    if (this.relaying.endsAt !== undefined && !this.#isOver) this.#stopTimer = runAt(this.relaying.endsAt, end);
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (!this.#hasNext()) await this.#waitForNext();
    // The body may have been ended meanwhile.
    if (this.#isOver) return;
    const next = this.#waiting.shift();
    if (next) {
      this.#unread -= next.byteLength;
      controller.enqueue(next);
    } else if (this.#failure) {
      this.#end();
      controller.error(this.#failure.error);
      return;
    }
    if (!this.#isComplete || this.#waiting.length > 0) return;
    this.#end();
    controller.close();
  }

  async cancel(reason: unknown): Promise<void> {
    this.#end();
    await this.source.cancel(reason);
  }

  #hasNext(): boolean {
    return this.#waiting.length > 0 || this.#isComplete || this.#failure !== undefined;
  }

  async #waitForNext(): Promise<void> {
    if (this.relaying.maxUnread === undefined) await this.#read();
    else await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async #readAll(maxUnread: number): Promise<void> {
    while (!this.#isComplete && !this.#failure && !this.#isOver) {
      await this.#read();
      if (this.#unread >= maxUnread) this.#isComplete = true;
      this.#wake?.();
    }
    this.#cancelSource();
  }

  async #read(): Promise<void> {
    try {
      this.#take(await this.source.read());
    } catch (error) {
      this.#failure = { error };
    }
  }

  #take({ done, value }: ReadableStreamReadResult<Uint8Array>): void {
    if (value && !this.#isOver) {
      this.#waiting.push(value);
      this.#unread += value.byteLength;
    }
    if (done) this.#isComplete = true;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting.length = 0;
    this.#wake?.();
    this.#stopTimer?.();
    this.relaying.onOver?.();
  }

  #cancelSource(): void {
    void this.source.cancel().catch(() => undefined);
  }
}

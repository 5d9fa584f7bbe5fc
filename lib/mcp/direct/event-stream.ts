import type { ServerResponse } from 'node:http';

/** Bytes of an answer that may wait for a client to read them: the last message of a call, and many before it. */
export const MAX_UNREAD = 8 * 1024 * 1024;

/** Bytes of events that may wait for a client that listens. */
export const MAX_BACKLOG = 256 * 1024;

/** Headers of a stream of events. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  // nginx would collect the events (its `proxy_buffering`).
  'X-Accel-Buffering': 'no',
};

/** Whether an answer is a stream of events. */
export function isStream({ headers }: Pick<Response, 'headers'>): boolean {
  return headers.get('content-type')?.startsWith(STREAM_HEADERS['Content-Type']) ?? false;
}

/** An answer that becomes a stream of events with its first message (MCP specification, Streamable HTTP). */
export class EventStream {
  #hasBegun = false;

  /**
   * @param response - nothing is sent of it yet
   * @param onBegin - called with the first message
   */
  constructor(
    private readonly response: ServerResponse,
    private readonly onBegin: () => void,
  ) {}

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Sends a message. A client that does not read what it is sent loses the connection. */
  send(message: object): void {
    this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  /** Tells the client, and proxies before it, that the call goes on. */
  keepAlive(): void {
    this.#write(': keepalive\n\n');
  }

  /** Sends the last message. */
  end(message: string): void {
    this.#write(`event: message\ndata: ${message}\n\n`);
    this.close();
  }

  /** Ends the answer. */
  close(): void {
    if (!this.response.writableEnded) this.response.end();
  }

  /** Appends what another server answers: its events, or its message. */
  async append(answer: Response): Promise<void> {
    if (!isStream(answer) || !answer.body) {
      this.end(await answer.text());
      return;
    }
    for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) this.#write(piece);
    this.close();
  }

  #write(piece: string | Uint8Array): void {
    const { response } = this;
    if (response.writableEnded || response.destroyed) return;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.onBegin();
      response.writeHead(200, STREAM_HEADERS);
    }
    response.write(piece);
    if (response.writableLength > MAX_UNREAD) response.destroy();
  }
}

/** The stream of a response, as far as it was heard. */
export class HeardStream {
  /** Settles when the stream has ended. */
  readonly over: Promise<void>;
  text = '';
  #waiting: (() => void) | undefined;

  constructor(response: Response) {
    if (!response.ok || !response.body) throw new Error(`No stream: ${response.status}`);
    this.over = this.#read(response.body as ReadableStream<Uint8Array>);
  }

  /** Waits for a text to come. */
  async hear(part: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = part.exec(this.text);
      if (match) return match;
      await new Promise<void>((resolve) => (this.#waiting = resolve));
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    for await (const piece of body) {
      this.text += Buffer.from(piece).toString();
      this.#waiting?.();
    }
  }
}

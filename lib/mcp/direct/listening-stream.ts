import type { ServerResponse } from 'node:http';
import type { ServerEvent } from '@modelcontextprotocol/server';
import { encodeFrame, type EncodedEvent } from '../notifications/encoded-event.js';
import type { EventStreamListener } from '../notifications/event-streams.js';
import { MAX_BACKLOG, STREAM_HEADERS } from './event-stream.js';
import { encodeFarewell } from './subscription-messages.js';

const KEEP_ALIVE = Buffer.from(': keepalive\n\n');

/** What a stream is for. */
export interface Listening {
  /** Id of the subscription. Clients before 2026-07-28 have none. */
  readonly id: string | number | undefined;
  readonly hears: (event: ServerEvent) => boolean | Promise<boolean>;
  /** Called once, when nothing more is told. */
  readonly onOver: () => void;
}

/** An answer without an end, on which a client listens. There are many, so that each has to be small. */
export class ListeningStream implements EventStreamListener {
  /** As JSON. */
  readonly #id: string | undefined;
  #isOver = false;

  /** @param response - nothing is sent of it yet */
  constructor(
    private readonly response: ServerResponse,
    private readonly listening: Listening,
  ) {
    this.#id = listening.id === undefined ? undefined : JSON.stringify(listening.id);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param first - the first piece */
  begin(first: string): void {
    this.response.on('close', () => {
      this.#leave();
    });
    this.response.writeHead(200, STREAM_HEADERS);
    // It may be long, and nobody could read any of it yet.
    if (!this.response.destroyed) this.response.write(first);
  }

  hears(event: ServerEvent): boolean | Promise<boolean> {
    return this.listening.hears(event);
  }

  tell(event: EncodedEvent): void {
    this.#write(this.#id === undefined ? event.frame : event.createFrame(this.#id));
  }

  keepAlive(): void {
    this.#write(KEEP_ALIVE);
  }

  /** Ends the stream, and says so to a client that waits for an answer. */
  end(): void {
    const { id } = this.listening;
    if (id !== undefined) this.#write(encodeFrame(encodeFarewell(id)));
    this.cut();
  }

  /** Ends the stream without a word. */
  cut(): void {
    if (this.#isOver) return;
    this.#leave();
    this.response.end();
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.listening.onOver();
  }

  /** A client that does not read what it is told loses the connection. */
  #write(piece: string | Uint8Array): void {
    const { response } = this;
    if (this.#isOver || response.destroyed) return;
    response.write(piece);
    if (response.writableLength <= MAX_BACKLOG) return;
    this.#leave();
    response.destroy();
  }
}

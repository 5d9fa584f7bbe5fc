import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen, type Listener } from '../../support/listen.js';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A server with a document at each path. */
export class DocumentServer {
  readonly asked: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  readonly answers = new Map<string, Answer>();
  readonly #waiting: (() => void)[] = [];
  #listener: Listener | undefined;

  get origin(): string {
    return this.#listener?.origin ?? '';
  }

  async start(): Promise<this> {
    this.#listener = await listen((request, response) => {
      this.asked.push(request.url ?? '');
      this.headers.push(request.headers);
      for (const one of this.#waiting.splice(0)) one();
      const answer = this.answers.get(request.url ?? '');
      if (answer) answer(response, request);
      else response.writeHead(404).end();
    });
    return this;
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  /** Waits until a document has been asked for that often. */
  async waitFor(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  reset(): void {
    this.asked.length = 0;
    this.headers.length = 0;
    this.answers.clear();
  }

  serve(path: string, document: object | string): string {
    this.answers.set(path, (response) =>
      response.end(typeof document === 'string' ? document : JSON.stringify(document)),
    );
    return `${this.origin}${path}`;
  }

  redirect(path: string, location: string, status = 302): string {
    this.answers.set(path, (response) => response.writeHead(status, { location }).end());
    return `${this.origin}${path}`;
  }
}

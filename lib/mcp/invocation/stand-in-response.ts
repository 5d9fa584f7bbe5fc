import { EventEmitter } from 'node:events';
import { STATUS_CODES } from 'node:http';

type HeaderValue = string | number | readonly string[];

/**
 * What enhancers that were written for HTTP find as the response in a call of MCP. It keeps status and headers, which
 * nobody sends, so that those who set or log them do their work. What is written to it is no result.
 */
export class StandInResponse extends EventEmitter {
  statusCode = 200;
  statusMessage = '';
  headersSent = false;
  readonly locals: Record<string, unknown> = {};
  readonly #headers = new Map<string, HeaderValue>();

  /** For those who want the response of Node from that of Fastify. */
  get raw(): this {
    return this;
  }

  get sent(): boolean {
    return this.headersSent;
  }

  get finished(): boolean {
    return this.headersSent;
  }

  get writableEnded(): boolean {
    return this.headersSent;
  }

  status(code: number): this {
    this.statusCode = code;
    this.statusMessage = STATUS_CODES[code] ?? '';
    return this;
  }

  setHeader(name: string, value: HeaderValue): this {
    this.#headers.set(name.toLowerCase(), value);
    return this;
  }

  /** As Express and Fastify have it: a name and a value, or an object of several. */
  set(name: string | Readonly<Record<string, HeaderValue>>, value?: HeaderValue): this {
    if (typeof name === 'string') return this.setHeader(name, value ?? '');
    for (const [one, its] of Object.entries(name)) this.setHeader(one, its);
    return this;
  }

  getHeader(name: string): HeaderValue | undefined {
    return this.#headers.get(name.toLowerCase());
  }

  getHeaders(): Record<string, HeaderValue> {
    return Object.fromEntries(this.#headers);
  }

  getHeaderNames(): string[] {
    return [...this.#headers.keys()];
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name.toLowerCase());
  }

  removeHeader(name: string): this {
    this.#headers.delete(name.toLowerCase());
    return this;
  }

  /** Whoever writes an answer has to return or throw it instead. */
  write(): this {
    this.headersSent = true;
    return this;
  }

  /** Tells those who listen that the call is over. */
  conclude(): void {
    this.emit('finish');
    this.emit('close');
  }
}

/** The other names under which platforms have these methods. */
const ALIASES: Readonly<Record<'status' | 'set' | 'getHeader' | 'setHeader' | 'write' | 'pass', readonly string[]>> = {
  status: ['code'],
  set: ['header', 'headers'],
  getHeader: ['get'],
  setHeader: ['append', 'appendHeader'],
  write: [
    ...[
      'end',
      'json',
      'jsonp',
      'send',
      'sendFile',
      'sendStatus',
      'download',
      'redirect',
      'render',
      'view',
      'writeHead',
    ],
    ...['flushHeaders', 'hijack'],
  ],
  // Cookies and the like go nowhere.
  pass: [...['attachment', 'clearCookie', 'contentType', 'cookie', 'links', 'location', 'setCookie', 'type', 'vary']],
};

for (const [method, names] of Object.entries(ALIASES)) {
  const own = (StandInResponse.prototype as unknown as Record<string, unknown>)[method];
  const value =
    own ??
    function pass(this: StandInResponse) {
      return this;
    };
  for (const name of names) Object.defineProperty(StandInResponse.prototype, name, { value, writable: true });
}

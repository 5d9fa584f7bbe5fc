import { EventEmitter, once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request, and how it was answered. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Those of the address and of a form. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Stands in front of a server, and takes note of what it is asked. */
export class RecordedServer {
  readonly requests: RecordedRequest[] = [];
  readonly #recorded = new EventEmitter();

  private constructor(
    private readonly server: Server,
    private readonly upstream: URL,
  ) {}

  static async inFrontOf(origin: string): Promise<RecordedServer> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const recorded = new RecordedServer(server, new URL(origin));
    server.on('request', (request, response) => void recorded.#pass(request, response));
    return recorded;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Those whose path ends so. */
  to(path: string): RecordedRequest[] {
    return this.requests.filter((request) => request.path.endsWith(path));
  }

  /** Waits until so many requests have been there that fit. */
  async until(count: number, fits: (request: RecordedRequest) => boolean): Promise<void> {
    while (this.requests.filter(fits).length < count) await once(this.#recorded, 'request');
  }

  close(): void {
    this.server.close().closeAllConnections();
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const body = await buffer(request);
    const { hostname, port } = this.upstream;
    const forwarded = send({ hostname, port, method, path: url, headers, agent: false });
    forwarded.end(body);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    response.writeHead(answer.statusCode ?? 0, answer.headers);
    answer.pipe(response);
    const { pathname, searchParams } = new URL(url, this.upstream);
    const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    const form = new URLSearchParams(isForm ? body.toString() : '');
    this.requests.push({
      method,
      path: pathname,
      status: answer.statusCode ?? 0,
      parameters: Object.fromEntries([...searchParams, ...form]),
      body: headers['content-type'] === 'application/json' ? (JSON.parse(body.toString()) as unknown) : undefined,
    });
    this.#recorded.emit('request');
  }
}

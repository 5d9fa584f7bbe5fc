import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Quickstart } from '../../../sample/quickstart/quickstart.js';

/** Channels of Node. */
const CONNECTS = 'net.client.socket';
const STARTED = 'http.server.request.start';
const ANSWERED = 'http.server.response.finish';

/** Open connections that this process began: of the servers among themselves, and of the user's browser. */
const own = new Set<Socket>();
subscribe(CONNECTS, (message) => {
  const { socket } = message as { socket: Socket };
  own.add(socket);
  socket.once('close', () => own.delete(socket));
});

/** Requests that came over them. Their ports are known while they are open. */
const ofOwn = new WeakSet<IncomingMessage>();
subscribe(STARTED, (message) => {
  const { request } = message as Answered;
  const { localPort, remotePort } = request.socket;
  // Connections to other servers may begin at the same port.
  if ([...own].some((one) => one.localPort === remotePort && one.remotePort === localPort)) ofOwn.add(request);
});

/** What clients do when it suits them: notifications, and asking for a stream that this server does not have. */
const ANY_TIME = new Set(['mcp POST /mcp 202', 'mcp GET /mcp 405']);

interface Answered {
  readonly request: IncomingMessage & { readonly originalUrl?: string };
  readonly response: ServerResponse;
}

/** What a client in another process asked of the servers of a quickstart. */
export class RecordedRequests {
  /** Challenges of the MCP server. */
  readonly challenges: string[] = [];
  readonly #names: ReadonlyMap<string, string>;
  readonly #lines: string[] = [];

  constructor({ mcpUrl, issuer }: Quickstart) {
    this.#names = new Map([
      [new URL(mcpUrl).host, 'mcp'],
      [new URL(issuer).host, 'auth'],
    ]);
    subscribe(ANSWERED, this.#record);
  }

  /** Which server was asked for what, and the status; without what was asked for several times in a row, and answered alike. */
  get trail(): string[] {
    return this.#lines.filter((line, index) => line !== this.#lines[index - 1]);
  }

  close(): void {
    unsubscribe(ANSWERED, this.#record);
  }

  readonly #record = (message: unknown) => {
    const { request, response } = message as Answered;
    const name = this.#names.get(request.headers.host ?? '');
    if (name === undefined || ofOwn.has(request)) return;
    const challenge = response.getHeader('www-authenticate');
    if (name === 'mcp' && typeof challenge === 'string') this.challenges.push(challenge);
    const path = (request.originalUrl ?? request.url ?? '').replace(/\?.*/, '');
    const line = `${name} ${request.method ?? ''} ${path} ${response.statusCode}`;
    if (!ANY_TIME.has(line)) this.#lines.push(line);
  };
}

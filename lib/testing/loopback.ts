import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Listener {
  readonly server: Server;
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Starts a server on a free loopback port. The port is known before the handler is set.
 *
 * @param tls - options of an HTTPS server
 */
export async function listen(handler?: RequestListener, tls?: ServerOptions): Promise<Listener> {
  const server = tls ? createTlsServer(tls) : createServer();
  if (handler) server.on('request', handler);
  else server.on('request', answerUntilHandled);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers while nothing else does (RFC 9110 section 15.6.4), so that no client waits for ever. */
function answerUntilHandled(this: Server, _request: unknown, response: ServerResponse): void {
  if (this.listenerCount('request') === 1) response.writeHead(503, { 'retry-after': '1' }).end();
}

/** Sends a JSON response. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Sends an answer. If a test's own answer throws, sends what went wrong. */
export async function answerSafely(response: ServerResponse, answer: () => unknown): Promise<void> {
  try {
    await answer();
  } catch (error) {
    const description = error instanceof Error ? error.message : String(error);
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, { error: 'server_error', error_description: description });
  }
}

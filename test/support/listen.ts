import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Listener {
  readonly server: Server;
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * A server on a loopback port that the system chose, known before there is anything to answer with.
 *
 * @param tls - makes it a server of https
 */
export async function listen(handler?: RequestListener, tls?: ServerOptions): Promise<Listener> {
  const server = tls ? createTlsServer(tls) : createServer();
  if (handler) server.on('request', handler);
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

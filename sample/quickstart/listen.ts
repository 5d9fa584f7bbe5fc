import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that already has its port, so that its origin is known before the application behind it is built. */
export async function listen(port: number): Promise<Server> {
  const server = createServer((_request, response) => {
    // Nobody answers until there is an application, and clients would wait for ever.
    if (server.listenerCount('request') === 1) response.writeHead(503, { 'retry-after': '1' }).end();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function originOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return new URL(`http://${address}:${port}`).origin;
}

export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

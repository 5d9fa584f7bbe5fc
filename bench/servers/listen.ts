import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Platform = 'express' | 'fastify';

/** A server under load: where it is. */
export interface ServerUnderLoad {
  readonly url: string;
}

/** @returns the origin of the server */
export async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

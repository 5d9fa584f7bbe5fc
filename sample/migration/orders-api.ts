import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { closeServer, listen, originOf } from '../quickstart/listen.js';
import { Orders } from './orders.js';

export const API_KEY = 'the-key-of-the-api';

/** An API of the organisation, on a port of its own. */
export interface OrdersApi {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts an API that takes its key, or any token of the issuer. It tells with each order for whom it was asked. */
export async function startOrdersApi(issuer: string): Promise<OrdersApi> {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const orders = new Orders();

  const findCaller = async ({ headers }: IncomingMessage): Promise<{ caller: unknown; audience?: unknown }> => {
    if (headers['x-api-key'] === API_KEY) return { caller: 'whoever has the key' };
    const { payload } = await jwtVerify(headers.authorization?.replace('Bearer ', '') ?? '', keys, { issuer });
    return { caller: payload.sub, audience: payload.aud };
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const order = orders.find(decodeURIComponent(request.url?.split('/').at(-1) ?? ''));
    try {
      const asked = await findCaller(request);
      response.writeHead(order ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(order && { ...order, ...asked }));
    } catch {
      response.writeHead(401).end();
    }
  };

  const server = await listen(0);
  server.on('request', (request, response) => void answer(request, response));
  return { origin: originOf(server), close: () => closeServer(server) };
}

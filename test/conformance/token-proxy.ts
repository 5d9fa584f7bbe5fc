import { request as send } from 'node:http';
import { pipeline } from 'node:stream';
import { listen, type Listener } from '../support/listen.js';

/**
 * Adds a token to every request, for a client that knows of none. Everything else passes as it is: `Host` and `Origin`,
 * statuses, and streams while they come.
 *
 * @param token - called for each request
 */
export async function startTokenProxy(target: string, token: () => Promise<string>): Promise<Listener> {
  const { hostname, port } = new URL(target);
  return await listen((request, response) => {
    void token().then((value) => {
      const { method, url: path, headers } = request;
      const authorization = `Bearer ${value}`;
      const onward = send({ hostname, port, method, path, headers: { ...headers, authorization } }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        response.flushHeaders();
        pipeline(answer, response, () => undefined);
      });
      onward.on('error', () => response.destroy());
      // Whoever goes away gives the call up.
      response.on('close', () => onward.destroy());
      request.pipe(onward);
    });
  });
}

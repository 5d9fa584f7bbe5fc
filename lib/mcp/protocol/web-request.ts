import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Creates the web request of a POST whose message is already read.
 *
 * @param response - ends the request when it closes
 */
export function createWebRequest(incoming: IncomingMessage, response: ServerResponse): Request {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  const headers = Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' && !name.startsWith(':') ? [[name, value]] : [],
  );
  return new Request('http://localhost/', { method: 'POST', headers, signal: gone.signal });
}

import { request as requestHttp, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface SendOptions {
  readonly body?: unknown;
  readonly method?: string;
  /** An array is sent as so many header lines, which `fetch` would join. `undefined` takes a header away. */
  readonly headers?: OutgoingHttpHeaders;
  /** How the client shows itself in the TLS handshake. */
  readonly tls?: Pick<RequestOptions, 'key' | 'cert' | 'agent'>;
}

/** Sends a request to an MCP endpoint as it is, with client certificates and doubled headers, which `fetch` cannot. */
export async function send(url: string, { body, method = 'POST', headers, tls }: SendOptions = {}): Promise<Answer> {
  const { method: operation, params } = (body ?? {}) as { method?: string; params?: { name?: string } };
  return await new Promise((resolve, reject) => {
    const all = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      ...(operation !== undefined && { 'mcp-method': operation }),
      ...(params?.name !== undefined && { 'mcp-name': params.name }),
      ...headers,
    };
    const options = {
      method,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    };
    const request = url.startsWith('https:')
      ? requestHttps(url, { agent: false, rejectUnauthorized: false, ...tls, ...options })
      : requestHttp(url, { agent: false, ...options });
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response
        .on('data', (chunk: string) => (text += chunk))
        .on('error', reject)
        .on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly version: string;
  readonly status: number;
  /** The lines of its head, in lower case. */
  readonly head: string;
  readonly body: string;
}

/** What a request has besides its first line. */
export interface RawParts {
  readonly headers?: readonly string[];
  readonly body?: unknown;
  readonly token?: string | undefined;
}

/** The text of a request, whose first line is written as it is. */
export function writeRequest(firstLine: string, { headers = [], body, token }: RawParts = {}): string {
  const { method, params } = (body ?? {}) as { method?: string; params?: { name?: string } };
  const content = body === undefined ? '' : JSON.stringify(body);
  const lines = [
    firstLine,
    ...headers,
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === undefined
      ? []
      : [
          'Content-Type: application/json',
          'Accept: application/json, text/event-stream',
          'MCP-Protocol-Version: 2026-07-28',
          `Mcp-Method: ${String(method)}`,
          `Mcp-Name: ${String(params?.name)}`,
          `Content-Length: ${Buffer.byteLength(content)}`,
        ]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${content}`;
}

/** Writes requests as they are, and reads until the server closes the connection. The last one has to ask for that. */
export async function sendRaw(origin: string, ...requests: readonly string[]): Promise<readonly RawAnswer[]> {
  const { port, hostname } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.write(requests.join(''));
  const answers = (await text(socket)).split(/(?=HTTP\/\d\.\d \d{3} )/);
  return answers.map((one) => {
    const end = one.indexOf('\r\n\r\n');
    const [, version = '', status = ''] = /^HTTP\/(\d\.\d) (\d{3})/.exec(one) ?? [];
    return { version, status: Number(status), head: one.slice(0, end).toLowerCase(), body: one.slice(end + 4) };
  });
}

import { request, type Agent } from 'node:http';
import { jest } from '@jest/globals';
import { DirectServing } from '../../lib/mcp/protocol/direct-serving.js';

/** Has the SDK answer a request that the direct path would. */
export const BY_SDK = 'x-by-sdk';

/** A message, as it goes over the wire. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What clients act on. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly messages: readonly unknown[];
}

/** Which of the two answers. */
export type Path = 'direct' | 'sdk';

/**
 * Lets each request say which path answers it.
 *
 * @returns how many answers the direct path gave
 */
export function openBothPaths(): { readonly direct: number } {
  const count = { direct: 0 };
  const answer = DirectServing.prototype.answer;
  jest.spyOn(DirectServing.prototype, 'answer').mockImplementation(async function (
    this: DirectServing,
    served,
    exchange,
  ) {
    if (exchange.incoming.headers[BY_SDK] !== undefined) return { stream: undefined };
    const left = await answer.call(this, served, exchange);
    if (!left) count.direct += 1;
    return left;
  });
  return count;
}

/**
 * Posts a message, and reads its answer. A stream is left when it waits for the client.
 *
 * @returns the answer, and the headers as they came
 */
export async function ask(
  url: string,
  { headers, body }: Sent,
  path: Path,
  agent?: Agent,
): Promise<Answer & { readonly raw: Readonly<Record<string, unknown>> }> {
  const sent = path === 'sdk' ? { ...headers, [BY_SDK]: '1' } : headers;
  return await new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent, headers: sent })
      .setTimeout(20_000, () => {
        reject(new Error(`No answer to ${JSON.stringify({ headers, body })}`));
      })
      .on('error', reject)
      .on('response', (response) => {
        const { 'content-type': type = '', ...raw } = response.headers;
        let text = '';
        const end = () => {
          try {
            const messages = readMessages(type, text);
            resolve({ status: response.statusCode ?? 0, raw, headers: pick(raw), messages });
          } catch {
            reject(new Error(`Not what ${type} says: ${text}`));
          }
        };
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
          if (!type.startsWith('text/event-stream') || !text.endsWith('\n\n')) return;
          if (!readMessages(type, text).some(waitsForClient)) return;
          end();
          asked.destroy();
        });
        response.on('end', end);
      });
    asked.end(JSON.stringify(body));
  });
}

/** Questions to the client, and what begins a stream of notifications. */
function waitsForClient(message: unknown): boolean {
  const { id, method } = message as { readonly id?: unknown; readonly method?: string };
  return method === 'notifications/subscriptions/acknowledged' || (method !== undefined && id !== undefined);
}

/** Headers that clients act on. Those of streams differ, because the direct path begins a stream only to say something. */
export function pick(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { 'www-authenticate': challenge, 'retry-after': retry, allow } = headers;
  return { challenge, retry, allow, hasSession: 'mcp-session-id' in headers };
}

/** Reads what an answer says, in one message or in a stream of them. */
export function readMessages(type: string, text: string): readonly unknown[] {
  if (type.startsWith('text/event-stream'))
    return Array.from(text.matchAll(/^data: ([^\n]+)$/gm), ([, data = '']) => JSON.parse(data) as unknown);
  if (text === '') return [];
  return [type.startsWith('application/json') ? JSON.parse(text) : text];
}

/** Without what is new each time: references, sealed states, tasks, times, ports. */
export function plain<Value>(value: Value): Value {
  const text = JSON.stringify(value)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<reference>')
    .replaceAll(/"requestState":"[^"]*"/g, '"requestState":"<state>"')
    .replaceAll(/"(taskId|mcp-name)":"[\w-]{43}"/g, '"$1":"<task>"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/(localhost|127\.0\.0\.1):\d+/g, '$1:<port>');
  return JSON.parse(text) as Value;
}

/** What both paths have to answer alike. */
export function comparable({ status, headers, messages }: Answer): Answer {
  return plain({ status, headers, messages });
}

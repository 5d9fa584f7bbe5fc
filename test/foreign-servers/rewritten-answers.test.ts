import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { rewriteMessages } from '../../lib/entry/foreign-servers/answer-messages.js';
import { isJsonObject } from '../../lib/json/json-object.js';

const LARGE = 16 * 1024 * 1024;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Drops messages with `drop`, and changes those with `change`. */
function rewrite(message: unknown): Promise<unknown> {
  if (!isJsonObject(message)) return Promise.resolve(message);
  if (message.drop === true) return Promise.resolve(undefined);
  return Promise.resolve(message.change === true ? { changed: true } : message);
}

/** Asks a server whose messages are rewritten. @returns what came, and why it was cut off */
async function ask(handle: RequestListener): Promise<readonly [body: string, reason: string]> {
  let reason = '';
  server = createServer((request, response) => {
    rewriteMessages(response, {
      isJsonRead: true,
      rewrite,
      onUnreadable: (told) => {
        reason = told;
      },
    });
    handle(request, response);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const body = await fetch(`http://127.0.0.1:${port}/`).then(
    async (response) => await response.text().catch(() => 'cut off'),
    () => 'cut off',
  );
  return [body, reason];
}

const answer =
  (type: string, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': type, ...headers });
    response.end(body);
  };
const events = (body: string) => answer('text/event-stream', body);
const json = (body: string) => answer('application/json', body);

test.each<[what: string, handle: RequestListener, body: string]>([
  ['a message that stays', json('{"a": 1}'), '{"a": 1}'],
  ['a message that changes', json('{"change":true}'), '{"changed":true}'],
  ['a message that is dropped', json('{"drop":true}'), ''],
  ['some messages of several', json('[{"a":1},{"drop":true},{"change":true}]'), '[{"a":1},{"changed":true}]'],
  ['all messages of several', json('[{"drop":true},{"drop":true}]'), ''],
  ['what is no JSON', json('Not found'), 'Not found'],
  ['events', events('data: {"a":1}\n\ndata: {"change":true}\n\n'), 'data: {"a":1}\n\ndata: {"changed":true}\n\n'],
  ['an event that is dropped', events('data: {"drop":true}\n\ndata: {}\n\n'), 'data: {}\n\n'],
  ['an event of which its id is left', events('id: 7\ndata: {"drop":true}\n\n'), 'id: 7\n\n'],
  [
    'an event of several lines',
    events('event: a\r\ndata: {\r\ndata: "change":true}\r\n\r\n'),
    'event: a\ndata: {"changed":true}\n\n',
  ],
  ['an event without data', events(': hello\n\ndata\n\n'), ': hello\n\ndata\n\n'],
  ['an event whose end does not come', events('data: {"change":true}'), 'data: {"changed":true}\n\n'],
  [
    'an answer that is not encoded',
    answer('application/json', '{"change":true}', { 'content-encoding': 'identity' }),
    '{"changed":true}',
  ],
  [
    'a message that takes a while to send',
    json(JSON.stringify('x'.repeat(LARGE / 2))),
    JSON.stringify('x'.repeat(LARGE / 2)),
  ],
])('rewrites %s', async (_what, handle, body) => {
  const [received, reason] = await ask(handle);

  expect(received === body).toBe(true);
  expect(reason).toBe('');
});

test.each<[what: string, handle: RequestListener, reason: string]>([
  ['that is encoded', answer('application/json', '{}', { 'content-encoding': 'gzip' }), 'it is encoded (gzip)'],
  ['that is too long', json('x'.repeat(LARGE + 1)), `a message of it has more than ${LARGE} characters`],
  [
    'with an event that is too long',
    events('x'.repeat(LARGE + 1)),
    `a message of it has more than ${LARGE} characters`,
  ],
])('cuts off an answer %s', async (_what, handle, reason) => {
  expect(await ask(handle)).toStrictEqual(['cut off', reason]);
});

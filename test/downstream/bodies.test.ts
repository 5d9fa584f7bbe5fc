import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { listen } from '../support/listen.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

let tool: RunningTool;

beforeAll(async () => {
  tool = await startRunningTool();
});
afterEach(() => {
  tool.orders.answers.clear();
  tool.orders.requests.length = 0;
});
afterAll(() => tool.close());

const send = (init: RequestInit, type?: string) =>
  tool.returned(async ({ fetch }) => {
    await fetch('/x', { method: 'POST', ...init, ...(type && { headers: { 'content-type': type } }) });
    return tool.orders.last;
  });

describe('a body that is sent', () => {
  const form = new FormData();
  form.set('a', 'b');
  form.set('file', new Blob(['tea'], { type: 'text/csv' }), 'x.csv');

  test.each<[string, BodyInit, string, string | undefined]>([
    ['text', 'tea', 'tea', 'text/plain;charset=UTF-8'],
    ['a form', new URLSearchParams({ a: 'b c' }), 'a=b+c', 'application/x-www-form-urlencoded;charset=UTF-8'],
    ['bytes', new TextEncoder().encode('tea'), 'tea', undefined],
    ['a part of a buffer', new TextEncoder().encode('green tea').subarray(6), 'tea', undefined],
    ['an ArrayBuffer', new TextEncoder().encode('tea').buffer, 'tea', undefined],
    ['a Blob', new Blob(['tea'], { type: 'text/csv' }), 'tea', 'text/csv'],
    ['a stream', new Blob(['tea']).stream(), 'tea', undefined],
    ['a stream of Node', Readable.from([Buffer.from('tea')]) as unknown as BodyInit, 'tea', undefined],
  ])('as %s arrives as such', async (_name, body, text, type) => {
    const { body: sent, headers } = await send({ body });
    expect(sent).toBe(text);
    expect(headers['content-type']).toBe(type);
    const isStream = _name.includes('stream');
    expect(headers['content-length']).toBe(isStream ? undefined : String(text.length));
  });

  test('of several parts has its boundary', async () => {
    const { body, headers } = await send({ body: form });
    const [, boundary = '?'] = /^multipart\/form-data; boundary=(.+)$/.exec(headers['content-type'] ?? '') ?? [];
    expect(body.split(`--${boundary}`)).toHaveLength(4);
    expect(body).toContain('filename="x.csv"');
  });

  test('keeps the type that the tool gives it', async () => {
    expect((await send({ body: 'a,b' }, 'text/csv')).headers['content-type']).toBe('text/csv');
  });

  test.each([10, 3_000_000])('of a Request, of %i bytes', async (size) => {
    const text = 'x'.repeat(size);
    const last = await tool.returned(async ({ fetch }) => {
      const url = `${tool.orders.origin}/v1/x`;
      await fetch(new Request(url, { method: 'PUT', body: text, headers: { 'x-a': '1' } }));
      return tool.orders.last;
    });
    expect(createHash('sha256').update(last.body).digest('hex')).toBe(createHash('sha256').update(text).digest('hex'));
    expect(last).toMatchObject({ method: 'PUT', headers: { 'x-a': '1', 'content-type': 'text/plain;charset=UTF-8' } });
  });

  test.each<[string, RequestInit]>([
    ['a GET', { method: 'GET', body: 'tea' }],
    ['a method that nobody may send', { method: 'CONNECT' }],
    ['a header that is none', { headers: { 'a b': '1' } }],
  ])('is refused as any fetch does it, with %s', async (_name, init) => {
    const name = await tool.returned(({ fetch }) =>
      fetch('/x', init).then(
        () => 'sent',
        (error: unknown) => (error as Error).name,
      ),
    );
    expect(name).toBe('TypeError');
    expect(tool.orders.requests).toEqual([]);
  });
});

test('bodies stream both ways: what comes back can decide what is sent', async () => {
  const echo = await listen((request, response) => {
    response.writeHead(200, { 'x-authorization': String(request.headers.authorization?.startsWith('Bearer ')) });
    request.pipe(response);
  });
  const echoing = await startRunningTool({ orders: { baseUrl: echo.origin } });
  try {
    const seen = await echoing.returned(async ({ fetch }) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      void writer.write(Buffer.from('0'));
      const response = await fetch('/x', { method: 'POST', body: readable });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const texts: string[] = [];
      for (let count = 1; count <= 5; count += 1) {
        const { value } = await reader.read();
        texts.push(Buffer.from(value ?? []).toString());
        void writer.write(Buffer.from(String(count)));
      }
      await writer.close();
      return { texts, authorized: response.headers.get('x-authorization') };
    });
    expect(seen).toEqual({ texts: ['0', '1', '2', '3', '4'], authorized: 'true' });
  } finally {
    await echoing.close();
    await echo.close();
  }
});

describe('an answer', () => {
  test('is a Response of the platform, with its address', async () => {
    const { isResponse, url, clone } = await tool.returned(async ({ fetch }) => {
      const response = await fetch('/x?a=b');
      const copy = response.clone();
      return { isResponse: response instanceof Response, url: response.url, clone: [copy.url, await copy.json()] };
    });
    expect(isResponse).toBe(true);
    expect(url).toBe(`${tool.orders.origin}/v1/x?a=b`);
    expect(clone).toEqual([url, expect.objectContaining({ subject: 'alice' })]);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
  ])('in %s is read as what it was', async (encoding, encode) => {
    tool.orders.answers.set('/v1/x', (_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(encode('{"item":"tea"}'));
    });
    expect(await tool.returned(({ json }) => json('/x'))).toEqual({ item: 'tea' });
    expect(await tool.returned(async ({ fetch }) => JSON.parse(await (await fetch('/x')).text()) as unknown)).toEqual({
      item: 'tea',
    });
  });

  test.each([204, 205, 304])('of %i has no body', async (status) => {
    tool.orders.answers.set('/v1/x', (_request, response) => response.writeHead(status).end());
    expect(await tool.returned(async ({ fetch }) => (await fetch('/x')).status)).toBe(status);
  });

  test('of a status that none has is an error', async () => {
    tool.orders.answers.set('/v1/x', (_request, response) => response.writeHead(999).end());
    expect(await tool.thrown(({ fetch }) => fetch('/x'))).toMatchObject({ code: 'downstream_status', status: 999 });
  });

  test('keeps each of its cookies apart, and none comes back', async () => {
    tool.orders.answers.set('/v1/x', (_request, response) => {
      response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end();
    });
    expect(await tool.returned(async ({ fetch }) => (await fetch('/x')).headers.getSetCookie())).toEqual([
      'a=1',
      'b=2',
    ]);
    await tool.returned(({ fetch }) => fetch('/x', { headers: { cookie: 'session=stolen' } }));
    expect(tool.orders.last.headers).not.toHaveProperty('cookie');
  });
});

test('connections are used again', async () => {
  const sockets = new Set<unknown>();
  tool.orders.answers.set('/v1/x', (request, response) => {
    sockets.add(request.socket);
    response.end('{}');
  });
  for (let count = 0; count < 5; count += 1) await tool.returned(({ json }) => json('/x'));
  expect(sockets.size).toBe(1);
});

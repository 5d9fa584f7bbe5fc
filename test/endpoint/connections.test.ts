import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendRaw, writeRequest, type RawParts } from '../support/raw-request.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

const STREAM = 'Accept: text/event-stream';

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
    token = await server.token();
  });
  afterAll(() => server.close());

  const host = () => `Host: ${new URL(server.origin).host}`;

  function write(headers: readonly string[], parts: RawParts = { token }, version = '1.1'): string {
    const all = { body: toolCall('run'), ...parts, headers: [host(), ...headers] };
    const request = writeRequest(`POST /mcp HTTP/${version}`, all);
    return headers.some((one) => one.startsWith('Accept:'))
      ? request.replace(/Accept: application.*\r\n/, '')
      : request;
  }

  test('requests that come at once are answered in their order', async () => {
    const answers = await sendRaw(
      server.origin,
      write([]),
      write([], {}),
      write([STREAM]),
      write([], { token: 'none' }),
      write(['Connection: close']),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 200, 401, 200]);
    expect(answers.map(({ body }) => body.includes('ran'))).toEqual([true, false, true, false, true]);
    expect(answers.map(({ head }) => /^connection: (.*)$/m.exec(head)?.[1])).toEqual([
      ...Array<string>(4).fill('keep-alive'),
      'close',
    ]);
  });

  test.each([
    [[]],
    [[STREAM]],
    [['Connection: close']],
    [['Connection: keep-alive']],
    [['Connection: keep-alive', STREAM]],
  ])('HTTP/1.0 gets an answer without chunks, whose end is that of the connection: %j', async (headers) => {
    const [answer] = await sendRaw(server.origin, write(headers, { token }, '1.0'));
    expect(answer?.status).toBe(200);
    expect(answer?.body).toMatch(/^(?:\{|event: message\n).*ran/s);
    expect(answer?.head).not.toContain('transfer-encoding');
    expect(answer?.head).toContain('connection: close');
  });

  test.each([
    ['a token', () => token, 200],
    ['none', () => undefined, 401],
  ])('a client that waits for leave to send its body gets it, with %s', async (_name, sent, status) => {
    const answers = await sendRaw(
      server.origin,
      write(['Expect: 100-continue', 'Connection: close'], { token: sent() }),
    );
    expect(answers.map((one) => one.status)).toEqual([100, status]);
  });

  test('a client that expects something else is told that nobody can', async () => {
    const [answer] = await sendRaw(server.origin, write(['Expect: 200-ok', 'Connection: close']));
    expect(answer?.status).toBe(417);
  });

  test.each([
    ['h2c', ['Connection: Upgrade, HTTP2-Settings, close', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA']],
    ['websocket', ['Connection: Upgrade, close', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']],
  ])('a client that would change to %s is answered as any other', async (_name, headers) => {
    const [answer] = await sendRaw(server.origin, write(headers));
    expect(answer?.body).toContain('ran');
    expect((await sendRaw(server.origin, write(headers, {})))[0]?.status).toBe(401);
  });

  test('a body in pieces is a body', async () => {
    const [head = '', body = ''] = write(['Connection: close', 'Transfer-Encoding: chunked']).split('\r\n\r\n');
    const pieces = [body.slice(0, 20), body.slice(20), ''].map((one) => `${one.length.toString(16)}\r\n${one}\r\n`);
    const [answer] = await sendRaw(server.origin, `${head.replace(/\r\nContent-Length: \d+/, '')}\r\n\r\n`, ...pieces);
    expect(answer?.body).toContain('ran');
  });

  test.each(['/mcp', '/.well-known/oauth-protected-resource/mcp'])('HEAD %s is GET without a body', async (path) => {
    const ask = async (method: string) => {
      const [answer] = await sendRaw(
        server.origin,
        writeRequest(`${method} ${path} HTTP/1.1`, { headers: [host(), 'Connection: close'] }),
      );
      return answer;
    };
    const [head, get] = [await ask('HEAD'), await ask('GET')];
    const withoutDate = (text: string | undefined) => text?.replace(/^date: .*$/m, '');
    expect(withoutDate(head?.head)).toBe(withoutDate(get?.head));
    expect([head?.body, get?.body === '']).toEqual(['', false]);
  });
});

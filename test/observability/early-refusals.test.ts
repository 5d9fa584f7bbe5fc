import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, type INestApplication } from '@nestjs/common';
import { McpTool, type AuditEvent } from 'nestjs-mcp-auth';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  find(): string {
    return 'found';
  }
}

interface Row {
  readonly method?: string;
  /** `undefined` takes a header away. */
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer | readonly string[];
  readonly token?: false;
  readonly path?: string;
  /** Its line says the same as one before it, and is counted with that. */
  readonly isCounted?: true;
  readonly status: number;
  readonly reason: string;
  readonly detail: RegExp;
  readonly fix: RegExp;
}

const SECRET = 'eyJhbGciOiJub25lIn0.c2VjcmV0LW9mLXRoZS11c2Vy.x';

const call = JSON.stringify(toolCall('find'));
const large = JSON.stringify(toolCall('find', { text: 'x'.repeat(150_000) }));

const rows: Record<string, Row> = {
  'a body that is no JSON': {
    body: `{"token":"${SECRET}",`,
    ...{ status: 400, reason: 'message', detail: /is no message of JSON-RPC.*"application\/json"/, fix: /No option/ },
  },
  'a body that is no JSON, of a stranger': {
    token: false,
    isCounted: true,
    body: `{"token":"${SECRET}",`,
    ...{ status: 400, reason: 'message', detail: /is no message of JSON-RPC/, fix: /No option/ },
  },
  'a text in place of JSON': {
    body: `"${SECRET}"`,
    ...{ status: 400, reason: 'message', detail: /is no message of JSON-RPC|answered with 400/, fix: /No option/ },
  },
  'no body': { body: '', ...{ status: 400, reason: 'message', detail: /./, fix: /No option/ } },
  'a batch': {
    body: `[${call},${call}]`,
    ...{ status: 400, reason: 'message', detail: /it is a batch of 2 messages, and wanted is one/, fix: /No option/ },
  },
  'what is no request': {
    isCounted: true,
    body: '{"jsonrpc":"2.0","id":1,"method":7}',
    ...{ status: 400, reason: 'message', detail: /answered with 400 Bad Request: "/, fix: /No option/ },
  },
  'a header that says something else': {
    headers: { 'mcp-name': 'other' },
    ...{ status: 400, reason: 'message', detail: /answered with 400.*[Hh]eader/, fix: /No option/ },
  },
  'an unknown revision': {
    body: call.replace('2026-07-28', '1999-01-01\\u001b'),
    headers: { 'mcp-protocol-version': '1999-01-01' },
    ...{ status: 400, reason: 'message', detail: /answered with 400/, fix: /No option/ },
  },
  'another charset': {
    headers: { 'content-type': 'application/json; charset=iso-8859-1' },
    ...{
      status: 415,
      reason: 'media_type',
      detail: /its Content-Type is "application\/json; charset=iso-8859-1", and wanted is "application\/json"/,
      fix: /UTF-8/,
    },
  },
  'a charset of two bytes': {
    headers: { 'content-type': 'application/json; charset=utf-16le' },
    body: Buffer.from(call, 'utf16le'),
    ...{ status: 415, reason: 'media_type', detail: /charset=utf-16le", and wanted/, fix: /UTF-8/ },
  },
  'a coding that nobody knows': {
    headers: { 'content-encoding': 'rot13' },
    body: Buffer.from(call).reverse(),
    ...{ status: 415, reason: 'media_type', detail: /its Content-Encoding is "rot13", and wanted/, fix: /parser/ },
  },
  'another type': {
    headers: { 'content-type': 'text/plain' },
    ...{ status: 415, reason: 'media_type', detail: /its Content-Type is "text\/plain", and wanted/, fix: /JSON/ },
  },
  'no type': {
    headers: { 'content-type': undefined },
    ...{ status: 415, reason: 'media_type', detail: /its Content-Type is missing, and wanted/, fix: /JSON/ },
  },
  'a message that is too large': {
    body: large,
    ...{
      status: 413,
      reason: 'size',
      detail: /its message has 150\d{3} bytes, and wanted/,
      fix: /`endpoint.maxBodySize`/,
    },
  },
  'a message that is too large, in chunks': {
    body: [large.slice(0, 70_000), large.slice(70_000)],
    ...{ status: 413, reason: 'size', detail: /its message has more, and wanted/, fix: /`endpoint.maxBodySize`/ },
  },
  'a message that is too large, of a stranger': {
    token: false,
    isCounted: true,
    body: [large.slice(0, 70_000), large.slice(70_000)],
    ...{ status: 413, reason: 'size', detail: /its message has more, and wanted/, fix: /`endpoint.maxBodySize`/ },
  },
  ...Object.fromEntries(
    ['GET', 'DELETE', 'PUT', 'PATCH'].map((method) => [
      `the method ${method}`,
      {
        method,
        body: '',
        headers: { 'content-type': undefined, 'mcp-name': undefined, 'mcp-method': undefined },
        ...{
          status: 405,
          reason: 'method',
          detail: RegExp(`its method is "${method}", and wanted is "POST"`),
          fix: /GET/,
        },
      },
    ]),
  ),
  'an answer that is wanted in another form': {
    headers: { accept: 'text/html' },
    ...{
      status: 406,
      reason: 'accept',
      detail: /its Accept is "text\/html", and wanted is "application\/json" or "text\/event-stream"/,
      fix: /No option/,
    },
  },
};

class EarlyServer {
  readonly events: AuditEvent[] = [];
  server!: ProtectedServer;

  async start(platform: Platform, configure?: (app: INestApplication) => void): Promise<void> {
    this.server = await startProtectedServer({
      platform,
      providers: [Tools],
      options: {
        endpoint: { maxBodySize: 120_000 },
        observability: { auditSink: { record: (event: AuditEvent) => void this.events.push(event) } },
      },
      ...(configure && { configure }),
    });
  }

  async send({ method = 'POST', headers = {}, body = call, token, path = '' }: Partial<Row>) {
    this.events.length = 0;
    this.server.log.lines.length = 0;
    const credentials = token === false ? undefined : await this.server.token();
    const all: OutgoingHttpHeaders = { ...headersFor(toolCall('find'), credentials), ...headers };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    return await new Promise<{ status: number; told: string }>((resolve, reject) => {
      const request = httpRequest(`${this.server.resource}${path}`, { method, headers: sent, agent: false });
      request.on('error', reject).on('response', (response) => {
        let text = '';
        response
          .on('data', (chunk) => (text += String(chunk)))
          .on('end', () => {
            resolve({ status: response.statusCode ?? 0, told: JSON.stringify([response.headers, text]) });
          });
      });
      if (Array.isArray(body)) for (const piece of body as readonly string[]) request.write(piece);
      else if (body !== '') request.setHeader('content-length', Buffer.byteLength(body as string | Buffer));
      request.end(Array.isArray(body) ? undefined : body);
    });
  }
}

describe.each(['express', 'fastify'] as const)(
  'a request that is refused before anything is decided, on %s',
  (platform) => {
    const early = new EarlyServer();

    beforeAll(() => early.start(platform));
    afterAll(() => early.server.close());

    test.each(Object.entries(rows))('%s: is an event, and a line that says what to do', async (_name, row) => {
      const { status, told } = await early.send(row);
      expect(status).toBe(row.status);
      expect(early.events).toEqual([expect.objectContaining({ type: 'request_refused', reason: row.reason })]);
      const [event] = early.events as Extract<AuditEvent, { type: 'request_refused' }>[];
      expect(event?.detail).toMatch(row.detail);
      expect(event?.fix).toMatch(row.fix);
      for (const text of [event?.detail ?? '', event?.fix ?? '']) expect(told).not.toContain(text);
      const lines = early.server.log.lines.filter((line) => line.startsWith('warn '));
      const line = `A request was refused [${event?.correlationId}]: ${row.reason}: ${event?.detail}. ${event?.fix}`;
      expect(lines).toEqual(row.isCounted ? [] : [expect.stringContaining(line)]);
      const written = JSON.stringify(early.events) + lines.join();
      expect(written).not.toMatch(/eyJ|c2VjcmV0|[\p{Cc}]/u);
    });

    test('what is not refused is no event', async () => {
      expect(await early.send({})).toMatchObject({ status: 200 });
      expect(early.events).toEqual([expect.objectContaining({ type: 'operation_allowed' })]);
      expect(await early.send({ token: false })).toMatchObject({ status: 401 });
      expect(early.events).toEqual([]);
      const unknown = {
        body: JSON.stringify(message('nothing/known')),
        headers: { 'mcp-method': 'nothing/known', 'mcp-name': undefined },
      };
      expect(await early.send(unknown)).toMatchObject({ status: 404 });
      expect(early.events).toEqual([]);
      expect(await early.send({ method: 'OPTIONS', body: '', headers: { 'content-type': undefined } })).toMatchObject({
        status: 204,
      });
      expect(early.events).toEqual([]);
    });

    test('a compressed message is no event', async () => {
      const answer = await early.send({ body: gzipSync(call), headers: { 'content-encoding': 'gzip' } });
      expect(answer.status).toBe(200);
      expect(early.events).toEqual([expect.objectContaining({ type: 'operation_allowed' })]);
    });

    test('what is not at our path is not ours to tell', async () => {
      expect(await early.send({ path: '/elsewhere' })).toMatchObject({ status: 404 });
      expect(early.events).toEqual([]);
    });
  },
);

describe.each(['express', 'fastify'] as const)('an application that answers itself, on %s', (platform) => {
  const early = new EarlyServer();
  afterAll(() => early.server.close());

  test('is told of, with the option for guards that want a mark', async () => {
    await early.start(platform, (app) => {
      app.useGlobalGuards({ canActivate: () => false });
    });
    expect(await early.send({})).toMatchObject({ status: 403 });
    expect(early.events).toEqual([
      expect.objectContaining({
        type: 'request_refused',
        reason: 'application',
        detail: 'something of the application answered 403 Forbidden before the guards of the endpoint ran',
        fix: expect.stringContaining('`endpoint.decorators`'),
      }),
    ]);
  });
});

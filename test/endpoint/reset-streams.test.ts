import {
  connect,
  constants,
  type ClientHttp2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { McpAuthModule, McpTool, type AuditEvent } from 'nestjs-mcp-auth';
import { headersFor, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { TestIssuer } from '../support/test-issuer.js';
import { FrameClient } from './http2-frames.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  find(): string {
    return 'found';
  }
}

const RESOURCE = 'https://mcp.example.com/mcp';
const message = JSON.stringify(toolCall('find'));

/** What the client has sent when it resets its stream. */
const ROWS: Readonly<Record<string, { readonly headers?: Record<string, string>; readonly body: string }>> = {
  'before its body, of a stated length': { headers: { 'content-length': String(message.length) }, body: '' },
  'in the middle of its body, of a stated length': {
    headers: { 'content-length': String(message.length) },
    body: message.slice(0, 20),
  },
  'in the middle of its body': { body: message.slice(0, 20) },
  'in the middle of its body, with a bad token': {
    headers: { authorization: 'Bearer bad' },
    body: message.slice(0, 20),
  },
  'in the middle of its body, which is no JSON': { body: 'no JSON' },
  'in the middle of its body, which is compressed': { headers: { 'content-encoding': 'gzip' }, body: '\u001f' },
  'after a whole message, which it has not ended': { body: message },
};

describe.each([true, false])(
  'on Fastify with HTTP/2, with the body parser of Nest: %s, a client resets',
  (bodyParser) => {
    const events: AuditEvent[] = [];
    const log = new RecordingLogger();
    let issuer: TestIssuer;
    let app: INestApplication;
    let token: string;
    let session: ClientHttp2Session;
    let client: FrameClient;
    let begin: (stream: ServerHttp2Stream) => void = () => undefined;

    beforeAll(async () => {
      issuer = await TestIssuer.start();
      const observability = { auditSink: { record: (event: AuditEvent) => void events.push(event) } };
      const testing = await Test.createTestingModule({
        imports: [McpAuthModule.forRoot(optionsFor('', issuer.issuer, { resource: RESOURCE, observability }))],
        providers: [Tools],
      })
        .setLogger(log)
        .compile();
      app = testing.createNestApplication(new FastifyAdapter({ http2: true } as never), { bodyParser });
      await app.listen(0, '127.0.0.1');
      const server = app.getHttpServer() as {
        address(): { port: number };
        on(name: 'session', listener: (session: ServerHttp2Session) => void): void;
      };
      server.on('session', (opened) => opened.on('stream', (stream) => begin(stream)));
      const { port } = server.address();
      session = connect(`http://127.0.0.1:${port}`);
      client = await FrameClient.connect(port);
      token = await issuer.token({ aud: RESOURCE });
      await ask();
    });
    beforeEach(() => {
      events.length = 0;
      log.lines.length = 0;
    });
    afterAll(async () => {
      client.close();
      session.close();
      await app.close();
      await issuer.close();
    });

    const headersOf = (headers: Readonly<Record<string, string>> = {}): Record<string, string> => ({
      ...{ ':path': '/mcp', ':method': 'POST', ':authority': 'mcp.example.com', ':scheme': 'http' },
      ...headersFor(toolCall('find'), token),
      ...headers,
    });

    /** Its answer comes once whatever was sent before has been read. */
    async function ask(): Promise<unknown> {
      const stream = session.request(headersOf());
      stream.end(message);
      return JSON.parse(await text(stream));
    }

    test.each(Object.entries(ROWS))('%s, and is refused nothing', async (_when, { headers, body }) => {
      const begun = new Promise<ServerHttp2Stream>((resolve) => (begin = resolve));
      client.begin(headersOf(headers), body);
      const stream = await begun;
      await ask();
      const closed = once(stream, 'close');
      client.reset();
      await closed;
      expect(await ask()).toMatchObject({ result: { content: [{ text: 'found' }] } });
      expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
      expect(events.filter(({ type }) => type !== 'operation_allowed')).toEqual([]);
      expect(log.lines.filter((line) => !/^debug|"operation_allowed"/.test(line))).toEqual([]);
    });
  },
);

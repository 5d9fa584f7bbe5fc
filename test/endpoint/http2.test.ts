import { connect, type ClientHttp2Session } from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { McpAuthModule, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { send } from '../proof/send.js';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { headersFor, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  async run(_args: unknown, context: McpContext): Promise<string> {
    await context.progress(1, 2);
    return 'ran';
  }
}

const RESOURCE = 'https://mcp.example.com/mcp';
const HOST = 'mcp.example.com';
const DOCUMENT = '/.well-known/oauth-protected-resource/mcp';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

interface Request {
  readonly path?: string;
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

describe.each([
  ['HTTP/2 in clear text', false, 2],
  ['HTTP/2', true, 2],
  ['HTTP/1.1, at a server of HTTP/2', true, 1],
] as const)('%s', (_name, isSecure, version) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let token: string;
  let origin: string;
  let session: ClientHttp2Session | undefined;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const testing = await Test.createTestingModule({
      imports: [McpAuthModule.forRoot(optionsFor('', issuer.issuer, { resource: RESOURCE }))],
      providers: [Tools],
    })
      .setLogger(new RecordingLogger())
      .compile();
    const https = { allowHTTP1: true, ...selfSignedCertificate() };
    app = testing.createNestApplication(new FastifyAdapter({ http2: true, ...(isSecure && { https }) } as never));
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as { address(): { port: number } }).address();
    origin = `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`;
    if (version === 2) session = connect(origin, { rejectUnauthorized: false });
    token = await issuer.token({ aud: RESOURCE });
  });
  afterAll(async () => {
    session?.close();
    await app.close();
    await issuer.close();
  });

  async function ask({ path = '/mcp', method = 'POST', host = HOST, headers = {}, body }: Request): Promise<Answer> {
    if (!session) return await send(`${origin}${path}`, { method, body, headers: { host, ...headers } });
    const names = { ':path': path, ':method': method, ':authority': host };
    const stream = session.request({ ...names, ...headers });
    const answered = new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
    stream.end(body === undefined ? undefined : JSON.stringify(body));
    const [head, content] = await Promise.all([answered, text(stream)]);
    return { status: Number(head[':status']), headers: head, text: content };
  }

  test('leads a client to the document, and to the tools', async () => {
    const body = toolCall('run');
    const challenge = await ask({ headers: headersFor(body), body });
    expect(challenge.status).toBe(401);
    expect(challenge.headers['www-authenticate']).toContain(`resource_metadata="https://${HOST}${DOCUMENT}"`);
    expect(challenge.headers['cache-control']).toBe('no-store');
    const document = await ask({ path: DOCUMENT, method: 'GET' });
    expect(JSON.parse(document.text)).toMatchObject({ resource: RESOURCE });
    const answer = await ask({ headers: headersFor(body, token), body });
    expect(JSON.parse(answer.text)).toMatchObject({ result: { content: [{ text: 'ran' }] } });
  });

  test('streams, to clients of both eras', async () => {
    const body = toolCall('run');
    (body.params as { _meta: Record<string, unknown> })._meta.progressToken = 1;
    const answer = await ask({ headers: headersFor(body, token), body });
    expect(answer.text).toMatch(/notifications\/progress.*ran/s);
    expect(answer.headers['x-accel-buffering']).toBe('no');
    const params = { name: 'run', arguments: {}, _meta: { progressToken: 1 } };
    const old = await ask({
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2025-11-25',
        authorization: `Bearer ${token}`,
      },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    });
    expect(old.text).toMatch(/notifications\/progress.*ran/s);
  });

  test('is for the hosts of the server alone', async () => {
    const body = toolCall('run');
    for (const [host, status] of [
      [`${HOST}:443`, 200],
      ['MCP.example.com', 200],
      ['evil.example', 403],
    ] as const)
      expect((await ask({ host, headers: headersFor(body, token), body })).status).toBe(status);
  });

  test.each(['GET', 'DELETE', 'PUT'])('%s is not allowed, and wants a token first', async (method) => {
    expect((await ask({ method })).status).toBe(401);
    const refused = await ask({ method, headers: { authorization: `Bearer ${token}` } });
    expect([refused.status, refused.headers.allow]).toEqual([405, 'POST, OPTIONS']);
  });

  test('a preflight is answered', async () => {
    const headers = { origin: `https://${HOST}`, 'access-control-request-method': 'POST' };
    const answer = await ask({ method: 'OPTIONS', headers });
    expect([answer.status, answer.headers['access-control-allow-methods']]).toEqual([204, 'POST']);
  });

  test('a token of 20 kB is a token', async () => {
    const long = await issuer.token({ aud: RESOURCE, groups: Array<string>(400).fill('x'.repeat(36)) });
    expect(long.length).toBeGreaterThan(20_000);
    const body = toolCall('run');
    if (version === 2) expect((await ask({ headers: headersFor(body, long), body })).status).toBe(200);
    else expect((await ask({ headers: headersFor(body, long), body })).status).toBe(431);
  });
});

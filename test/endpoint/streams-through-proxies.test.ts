import { once } from 'node:events';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { compress } from './compressing-middleware.js';
import { ChangeNotifications } from '../../lib/mcp/notifications/change-notifications.js';
import { beginConversation } from '../support/conversation.js';
import { HeardStream } from '../support/heard-stream.js';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import { areExpected, ProxyProcess } from '../support/proxy-process.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

let goOn: () => void;

@Injectable()
class Tools {
  @McpTool({ description: 'Tells how far it is' })
  async count(_args: unknown, context: McpContext): Promise<string> {
    for (const step of [1, 2]) {
      const isHeard = new Promise<void>((resolve) => (goOn = resolve));
      await context.progress(step, 2);
      await isHeard;
    }
    return 'counted';
  }

  @McpTool({ description: 'Says a lot' })
  tell(): string {
    return 'many words '.repeat(1_000);
  }
}

interface Way {
  /** What nginx has. */
  readonly nginx?: string;
  /** What HAProxy has. */
  readonly haproxy?: readonly string[];
  /** Whether a middleware of the application compresses what it may. */
  readonly compresses?: boolean;
}

const WAYS: readonly (readonly [string, Way])[] = [
  ['nginx as it comes', { nginx: '' }],
  ['nginx that compresses', { nginx: 'gzip on; gzip_types *; gzip_proxied any; gzip_http_version 1.0;' }],
  ['HAProxy as it comes', { haproxy: [] }],
  [
    'HAProxy that compresses',
    { haproxy: ['compression algo gzip', 'compression type application/json text/event-stream'] },
  ],
  ['a middleware that compresses', { compresses: true }],
  ['nginx as it comes, and a middleware that compresses', { nginx: '', compresses: true }],
];

const CASES = (['express', 'fastify'] as const).flatMap((platform) =>
  WAYS.filter(([, { nginx, haproxy }]) => (nginx ?? haproxy) === undefined || areExpected('haproxy', 'nginx')).map(
    ([name, way]): [Platform, string, Way] => [platform, name, way],
  ),
);

describe.each(CASES)('on %s, through %s', (platform, _name, { nginx, haproxy, compresses = false }) => {
  let server: ProtectedServer;
  let proxy: ProxyProcess | undefined;
  let token: string;
  let conversation: Record<string, string>;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Tools],
      ...(compresses && { configure: (app) => app.use(compress) }),
    });
    const { origin } = server;
    if (nginx !== undefined) proxy = await ProxyProcess.startNginx(`${nginx} location / { proxy_pass ${origin}; }`);
    else if (haproxy) proxy = await ProxyProcess.startHaproxy({ servers: [new URL(origin).host], lines: haproxy });
    token = await server.token();
    conversation = await beginConversation(server.resource, token);
  });
  afterAll(async () => {
    await proxy?.close();
    await server.close();
  });

  async function open(method: string, headers: Record<string, string>, body?: unknown): Promise<IncomingMessage> {
    const { hostname, port } = new URL(server.origin);
    const to: RequestOptions = proxy ? { socketPath: proxy.socket } : { hostname, port };
    const all = {
      host: '127.0.0.1',
      'accept-encoding': 'gzip',
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      ...headers,
    };
    const sent = request({ ...to, path: '/mcp', method, headers: all, agent: false });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }

  function listenTo(response: IncomingMessage): HeardStream {
    const isCompressed = response.headers['content-encoding'] === 'gzip';
    const events = isCompressed ? pipeline(response, createGunzip(), () => undefined) : response;
    const status = response.statusCode ?? 0;
    return new HeardStream(new Response(Readable.toWeb(events) as unknown as ReadableStream, { status }));
  }

  test.each(['2025-11-25', '2026-07-28'])('a client of %s hears of progress while a tool runs', async (era) => {
    const call = toolCall('count');
    const { params } = call as { params: Record<string, unknown> };
    const meta = { ...(era === '2026-07-28' && (params._meta as object)), progressToken: 'p' };
    const body = { ...call, params: { ...params, _meta: meta } };
    const headers = { ...headersFor(body), ...(era === '2025-11-25' && conversation) };
    const stream = listenTo(await open('POST', headers, body));
    await stream.hear(/"progress":1/);
    expect(stream.text).not.toContain('"progress":2');
    goOn();
    await stream.hear(/"progress":2/);
    expect(stream.text).not.toContain('counted');
    goOn();
    await stream.over;
    expect(stream.text).toContain('counted');
  });

  test.each(['2025-11-25', '2026-07-28'])('a client of %s hears of changes when they happen', async (era) => {
    const body = message('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const response =
      era === '2025-11-25' ? await open('GET', conversation) : await open('POST', headersFor(body), body);
    const stream = listenTo(response);
    await stream.hear(/: listening|acknowledged/);
    for (const times of [1, 2]) {
      server.app.get(ChangeNotifications, { strict: false }).bus.publish({ kind: 'tools_list_changed' });
      await stream.hear(new RegExp(`(list_changed[^]*){${times}}`));
    }
    response.destroy();
    await stream.over.catch(() => undefined);
  });

  test('a result is whole', async () => {
    const body = toolCall('tell');
    const response = await open('POST', headersFor(body), body);
    expect(response.headers['content-encoding'] === 'gzip').toBe(
      compresses || [nginx, haproxy].flat().join().includes('gzip'),
    );
    const answer = listenTo(response);
    await answer.over;
    expect(JSON.parse(answer.text)).toMatchObject({ result: { content: [{ text: 'many words '.repeat(1_000) }] } });
  });
});

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { McpAuthHealthIndicator } from 'nestjs-mcp-auth';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';
import { Slow } from '../support/slow-tool.js';
import type { Platform } from '../support/test-application.js';
import { watchTimers } from '../support/watched-timers.js';

const GRACE = 600_000;

/** Milliseconds for which requests on old connections are still served after the listener is closed. */
const ON_THEIR_WAY = 300;

/** Timers wait for the test. */
function holdTimers(): void {
  jest.useFakeTimers({
    doNotFake: ['Date', 'performance', 'nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval'],
  });
}

/** Waits for what comes about without timers, for so many turns of the event loop. */
async function until(isSo: () => boolean | Promise<boolean>, turns = 10_000): Promise<void> {
  for (let turn = 0; !(await isSo()); turn += 1) {
    if (turn > turns) throw new Error('It does not come about');
    await new Promise(setImmediate);
  }
}

/** What came back on a connection. */
interface Answer {
  readonly status: number;
  readonly connection: string | undefined;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Sends a request on a connection that is there, or on a new one. */
async function send(port: number, body: Record<string, unknown>, token: string, socket?: Socket): Promise<Answer> {
  const sent = httpRequest({
    port,
    host: '127.0.0.1',
    path: '/mcp',
    method: 'POST',
    headers: { ...headersFor(body, token), connection: 'keep-alive' },
    ...(socket ? { createConnection: () => socket } : { agent: false }),
  });
  sent.end(JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const piece of response) text += String(piece);
  const { connection, 'retry-after': retryAfter } = response.headers;
  return { status: response.statusCode ?? 0, connection, retryAfter, text };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function listenOnPort(app: INestApplication): Promise<number> {
  await app.listen(0, '127.0.0.1');
  return ((app.getHttpServer() as Server).address() as AddressInfo).port;
}

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describe.each<Platform>(['express', 'fastify'])('a server that stops, on %s', (platform) => {
  test('is not ready, serves for a while, refuses connections, then requests, and lets calls finish', async () => {
    const slow = new Slow();
    const server = await startProtectedServer({
      platform,
      providers: [{ provide: Slow, useValue: slow }],
      options: { calls: { balancerGraceMs: GRACE } },
    });
    const { app } = server;
    const port = await listenOnPort(app);
    const token = await server.token();
    const indicator = app.get(McpAuthHealthIndicator, { strict: false });
    const list = (socket?: Socket) => send(port, message('tools/list'), token, socket);
    expect((await list()).status).toBe(200);
    expect((await indicator.check())['mcp-auth']).toMatchObject({ status: 'up' });
    const [early, late] = [await open(port), await open(port)];
    const calling = send(port, toolCall('slow'), token);
    await slow.started;
    holdTimers();

    const closing = app.close();
    const readiness = async () => (await indicator.check())['mcp-auth'];
    await until(async () => (await readiness()).status === 'down');
    expect(await readiness()).toMatchObject({ status: 'down', isStopping: true });
    expect(await list()).toMatchObject({ status: 200, connection: 'close' });

    await jest.advanceTimersByTimeAsync(GRACE);
    await until(() => !(app.getHttpServer() as Server).listening);
    await expect(list()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // It was on its way.
    expect(await list(early)).toMatchObject({ status: 200, connection: 'close' });

    await jest.advanceTimersByTimeAsync(ON_THEIR_WAY);
    expect(await list(late)).toMatchObject({ status: 503, connection: 'close', retryAfter: '1' });

    jest.useRealTimers();
    slow.finish();
    expect(await calling).toMatchObject({ status: 200, connection: 'close', text: expect.stringContaining('done') });
    await closing;
    await server.close();
  });

  test('waits for nobody where no balancer has asked, and no signal stops it', async () => {
    const server = await startProtectedServer({ platform });
    await listenOnPort(server.app);
    holdTimers();
    const timers = watchTimers();
    await server.app.close();
    expect(timers.pending).toBe(0);
    jest.restoreAllMocks();
    jest.useRealTimers();
    await server.close();
  });
});

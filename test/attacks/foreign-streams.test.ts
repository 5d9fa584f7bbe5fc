import { request, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { TokenCache } from 'nestjs-mcp-auth';
import { startForeignServer, type ForeignServer } from '../foreign-servers/foreign-server.js';

/** Opens the stream of an SDK's server. `fetch` would do it with timers that are faked here. */
async function open(url: string, token: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
  return await new Promise((resolve, reject) => {
    request(url, { agent: false, headers }).on('response', resolve).on('error', reject).end();
  });
}

/** Waits until a stream is cut off. */
async function ended(stream: IncomingMessage): Promise<void> {
  await new Promise<void>((resolve) => {
    stream
      .on('close', () => {
        resolve();
      })
      .on('error', () => undefined)
      .resume();
  });
}

describe.each(['express', 'fastify'] as const)('on %s, a stream of a server behind @ProtectedMcp', (platform) => {
  let server: ForeignServer;
  beforeAll(async () => {
    server = await startForeignServer({ rules: {}, platform });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  afterAll(() => server.close());

  test('ends with the session of its user, and those of others go on', async () => {
    const [alice, bob] = [await server.token('', { sub: 'alice' }), await server.token('', { sub: 'bob' })];
    const [stream, other] = [await open(server.resource, alice), await open(server.resource, bob)];
    expect([stream.statusCode, other.statusCode]).toEqual([200, 200]);
    const over = ended(stream);
    await server.app.get(TokenCache).revoke({ issuer: server.issuer.issuer, subject: 'alice' });
    await over;
    expect(other.closed).toBe(false);
    other.destroy();
  });

  test('ends with its token', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'performance'] });
    const exp = Math.floor(Date.now() / 1000) + 300;
    const stream = await open(server.resource, await server.token('', { exp }));
    expect(stream.statusCode).toBe(200);
    const over = ended(stream);
    jest.advanceTimersByTime(exp * 1000 - Date.now() - 1);
    expect(stream.closed).toBe(false);
    jest.advanceTimersByTime(1);
    await over;
  });
});

import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { McpRegistry, McpResourceTemplate } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { beginConversation } from '../support/conversation.js';
import { HeardStream } from '../support/heard-stream.js';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

@Injectable()
class Notes {
  @McpResourceTemplate({ uriTemplate: 'notes://{id}', input: z.object({ id: z.string() }) })
  note() {
    return 'none';
  }
}

describe.each<Platform>(['express', 'fastify'])('the stream of notifications, on %s', (platform) => {
  let server: ProtectedServer;
  let limit = 10;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Notes],
      bodyParser: false,
      configure: (app) => {
        app.use((_request: unknown, response: ServerResponse, next: () => void) => {
          response.setMaxListeners(limit);
          next();
        });
      },
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  afterAll(() => server.close());

  /** Opens a stream until the client leaves. */
  async function listen(notifications: Record<string, unknown>) {
    const left = new AbortController();
    const body = message('subscriptions/listen', { notifications });
    const token = await server.token();
    const stream = new HeardStream(await post(server.resource, body, { token, signal: left.signal }));
    const leave = async () => {
      left.abort();
      await expect(stream.over).rejects.toThrow();
    };
    return { stream, leave };
  }

  test.each([
    ['by default', 10],
    ['where the application has lifted the limit', 0],
  ])('makes Node warn of no leak %s', async (_when, most) => {
    limit = most;
    const warnings: string[] = [];
    const note = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
    process.on('warning', note);
    const token = await server.token();
    const stopped = new AbortController();
    const response = await fetch(server.resource, {
      headers: {
        ...(await beginConversation(server.resource, token)),
        accept: 'text/event-stream',
        authorization: `Bearer ${token}`,
      },
      signal: stopped.signal,
    });
    const { over } = new HeardStream(response);
    // Warnings are told in a turn of their own.
    await new Promise(setImmediate);
    process.off('warning', note);
    stopped.abort();
    await expect(over).rejects.toThrow();
    expect(warnings).toEqual([]);
  });

  test('says every 15 seconds that it is open', async () => {
    let tick: () => void = () => undefined;
    const usual = globalThis.setInterval;
    jest.spyOn(globalThis, 'setInterval').mockImplementation((run: () => void, delay?: number, ...rest: []) => {
      if (delay === 5_000) tick = run;
      return usual(run, delay, ...rest);
    });
    const { stream, leave } = await listen({ toolsListChanged: true });
    await stream.hear(/acknowledged/);
    for (let ticks = 0; ticks < 6; ticks += 1) tick();
    await stream.hear(/(: keepalive\n\n){2}$/);
    await leave();
    expect(stream.text.match(/keepalive/g)).toHaveLength(2);
  });

  test('begins with all resources that it is about, however long their URIs are', async () => {
    const uris = Array.from({ length: 400 }, (_one, index) => `notes://${index}${'x'.repeat(2_000)}`);
    const { stream, leave } = await listen({ resourceSubscriptions: uris });
    const [, acknowledged = ''] = await stream.hear(/^data: (.*)\n\n/m);
    expect(JSON.parse(acknowledged)).toMatchObject({ params: { notifications: { resourceSubscriptions: uris } } });
    server.app.get(McpRegistry).sendResourceUpdated(uris[0] ?? '');
    await stream.hear(/resources\/updated/);
    await leave();
  });
});

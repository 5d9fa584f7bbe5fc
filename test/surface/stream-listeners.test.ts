import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { beginConversation } from '../support/conversation.js';
import { HeardStream } from '../support/heard-stream.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

describe.each<Platform>(['express', 'fastify'])('the stream of notifications, on %s', (platform) => {
  let server: ProtectedServer;
  let limit = 10;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      configure: (app) => {
        app.use((_request: unknown, response: ServerResponse, next: () => void) => {
          response.setMaxListeners(limit);
          next();
        });
      },
    });
  });

  afterAll(() => server.close());

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
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { beginConversation } from '../support/conversation.js';
import { HeardStream } from '../support/heard-stream.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

describe.each<Platform>(['express', 'fastify'])('the stream of notifications, on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ platform });
  });

  afterAll(() => server.close());

  test('makes Node warn of no leak', async () => {
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

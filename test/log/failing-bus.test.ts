import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { beginConversation } from '../support/conversation.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

let server: ProtectedServer;
afterEach(() => server.close());

describe.each(['express', 'fastify'] as const)('a bus that fails, on %s', (platform) => {
  test('is no line for each message of a client', async () => {
    const bus = { publish: () => Promise.reject(new Error('down')), subscribe: () => () => undefined };
    server = await startProtectedServer({ platform, options: { replicas: { bus, keys: [randomBytes(32)] } } });
    const token = await server.token();
    const headers = {
      ...(await beginConversation(server.resource, token)),
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    };
    for (let requestId = 0; requestId < 20; requestId += 1) {
      const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
      expect((await fetch(server.resource, { method: 'POST', headers, body })).status).toBe(202);
    }
    expect(server.log.lines.filter((line) => line.includes('Other replicas could not be notified'))).toEqual([
      expect.stringContaining('down'),
    ]);
  });
});

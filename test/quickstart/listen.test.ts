import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Server } from 'node:http';
import { closeServer, listen, originOf } from '../../sample/quickstart/listen.js';

let server: Server;

beforeEach(async () => {
  server = await listen(0);
});
afterEach(() => closeServer(server));

test('a server without an application answers, so that nobody waits for ever', async () => {
  const early = await fetch(`${originOf(server)}/mcp`, { method: 'POST', body: '{}' });
  expect(early.status).toBe(503);
  expect(early.headers.get('retry-after')).toBe('1');
  server.on('request', (_request, response) => response.end('there'));
  expect(await (await fetch(originOf(server))).text()).toBe('there');
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { post, message, toolCall } from '../support/mcp-request.js';
import { LimitedTools, MINUTE } from './limited-tools.js';

/** Where clients register themselves, a user gets as many client ids as they like. */
describe.each(['express', 'fastify'] as const)('on %s, with a new client for each request', (platform) => {
  let server: ProtectedServer;
  let clients = 0;

  beforeAll(async () => {
    const limits = { rate: { perCaller: { limit: 5, ttlMs: MINUTE } } };
    server = await startProtectedServer({ platform, providers: [LimitedTools], options: { limits } });
  });
  afterAll(async () => {
    await server.close();
  });

  async function ask(subject: string, body: Record<string, unknown>, times: number): Promise<number[]> {
    const statuses: number[] = [];
    for (let count = 0; count < times; count += 1) {
      const token = await server.token('', { sub: subject, client_id: `client-${(clients += 1)}` });
      const answer = await post(server.resource, body, { token });
      await answer.text();
      statuses.push(answer.status);
      if (answer.status === 429) expect(answer.headers.get('retry-after')).toBe('60');
    }
    return statuses;
  }

  test('a user calls a tool as often as four clients may', async () => {
    // Two calls a minute for each client.
    expect(await ask('alice', toolCall('few'), 10)).toEqual([...Array.from({ length: 8 }, () => 200), 429, 429]);
    expect(await ask('bob', toolCall('few'), 1)).toEqual([200]);
    expect(await ask('alice', toolCall('plain'), 1)).toEqual([200]);
  });

  test('a user asks as often as four clients may, whatever for', async () => {
    const [list, other] = [message('tools/list'), message('prompts/list')];
    expect(await ask('carol', list, 19)).toEqual(Array.from({ length: 19 }, () => 200));
    expect(await ask('carol', other, 2)).not.toContain(500);
    expect(await ask('carol', list, 1)).toEqual([429]);
    expect(await ask('bob', list, 1)).toEqual([200]);
  });

  test('one client of one user has what it had', async () => {
    const token = await server.token('', { sub: 'dave', client_id: 'one' });
    const statuses: number[] = [];
    for (let count = 0; count < 6; count += 1)
      statuses.push((await post(server.resource, message('tools/list'), { token })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });
});

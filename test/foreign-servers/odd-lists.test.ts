import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Controller, HttpCode, Post } from '@nestjs/common';
import { ProtectedMcp } from 'nestjs-mcp-auth';
import { post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** What the other server answers. */
let answer: unknown;

const rule = { scopes: ['read'] };

@Controller('mcp')
@ProtectedMcp({
  tools: { look: rule, hidden: { scopes: ['admin'] } },
  prompts: { look: rule },
  resources: { 'files://look': rule },
})
class Endpoint {
  @Post()
  @HttpCode(200)
  handle(): unknown {
    return answer;
  }
}

describe.each(['express', 'fastify'] as const)('what another server answers, on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      controllers: [Endpoint],
      options: { endpoint: { mount: false }, lists: { show: 'permitted' } },
    });
  });
  afterAll(() => server.close());

  const look = { name: 'look' };
  const named = [7, null, {}, { name: 7 }, { name: 'other' }, look];

  test.each<[what: string, result: unknown, shown: unknown]>([
    ['entries that name nothing', { tools: named, prompts: named }, { tools: [look], prompts: [look] }],
    [
      'resources by their URI',
      { resources: [look, { uri: 'files://look' }, { uri: 'files://other' }] },
      { resources: [{ uri: 'files://look' }] },
    ],
    [
      'lists that were the same for all callers',
      { tools: [look, { name: 'hidden' }], cacheScope: 'public', ttlMs: 5 },
      { tools: [look], cacheScope: 'private', ttlMs: 5 },
    ],
    ['what is no list', { tools: 'all' }, { tools: 'all' }],
    ['what is no object', 7, 7],
  ])('is narrowed to what the caller may see: %s', async (_what, result, shown) => {
    answer = { jsonrpc: '2.0', id: 1, result };

    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
    const headers = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': '' };
    const response = await post(server.resource, body, { token: await server.token('read'), headers });

    expect(await response.json()).toStrictEqual({ jsonrpc: '2.0', id: 1, result: shown });
  });

  test.each([{}, { params: 'files://look' }, { params: {} }, { params: { uri: 'files://other' } }])(
    'tells of no resource that is not named: %j',
    async (more) => {
      answer = { jsonrpc: '2.0', method: 'notifications/resources/updated', ...more };

      const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
      const headers = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': '' };
      const response = await post(server.resource, body, { token: await server.token('read'), headers });

      expect(await response.text()).toBe('');
    },
  );
});

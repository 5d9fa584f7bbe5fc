import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { clientSecretBasic, DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';
import { sendJson } from '../support/test-issuer.js';
import { newKey } from '../token-cache/cached-exchange.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  async order() {
    const response = await this.downstream.fetch('/orders');
    return { status: response.status };
  }
}

const CALLERS = 5;
const CALLS = 10;

describe.each(['express', 'fastify'] as const)('calls of several callers on %s', (platform) => {
  const store = new MemoryAdapter();
  let api: TestApi;
  let server: ProtectedServer;

  beforeAll(async () => {
    api = await TestApi.start();
    server = await startProtectedServer({
      platform,
      providers: [Tools],
      options: {
        client: { id: 'mcp-server', authentication: clientSecretBasic('mcp-server-secret') },
        downstreams: { orders: { baseUrl: api.origin, audience: 'orders' } },
        replicas: { store, keys: [newKey()] },
      },
    });
  });
  beforeEach(() => {
    server.log.lines.length = 0;
    api.answers.clear();
    store.fault = undefined;
  });
  afterAll(async () => {
    await server.close();
    await api.close();
  });

  async function callAll(kind: string): Promise<void> {
    for (let caller = 0; caller < CALLERS; caller += 1) {
      const token = await server.token('', { sub: `${kind}-${caller}` });
      const calls = Array.from({ length: CALLS }, () => post(server.resource, toolCall('order'), { token }));
      for (const answer of await Promise.all(calls)) await answer.text();
    }
  }

  const situations: [string, () => unknown][] = [
    ['the shared store', () => (store.fault = () => Promise.reject(new Error('down')))],
    ['the API', () => api.answers.set('/orders', (_request, response) => response.destroy())],
    [
      'the token endpoint',
      () =>
        server.issuer.answers.set('/token', (_request, response) => {
          sendJson(response, 503, {});
        }),
    ],
  ];

  test.each(situations)('are at most a line each while %s fails, with one stack for a kind', async (what, fail) => {
    fail();
    await callAll(what);
    const lines = server.log.lines.filter((line) => !line.includes('McpAudit'));
    const withStack = lines.filter((line) => line.includes('\n    at '));
    const failures = lines.filter((line) => line.includes('order failed'));
    expect(lines.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThanOrEqual(CALLERS * CALLS);
    // What is left alone now: for each caller, and for all.
    expect(lines.length - failures.length).toBeLessThanOrEqual(CALLERS + 1);
    const kinds = withStack.map((line) => /\((\w+)\)/.exec(line)?.[1]);
    expect(new Set(kinds).size).toBe(kinds.length);
  });
});

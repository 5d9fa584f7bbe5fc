import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, type CanActivate } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerStorageService, type ThrottlerModuleOptions } from '@nestjs/throttler';
import { isMcp, McpTool } from 'nestjs-mcp-auth';
import { post, toolCall, type ToolResult } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

interface HttpRequest {
  readonly ip: string;
  readonly ips?: readonly string[];
  readonly headers: Record<string, string | undefined>;
  readonly method: string;
  readonly url: string;
  get?(name: string): string | undefined;
}

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  look() {
    return 'done';
  }
}

/** The guard of another copy of the package: the same code, and another class. */
async function copyGuard(options: ThrottlerModuleOptions): Promise<CanActivate> {
  const { constructor: _own, ...methods } = Object.getOwnPropertyDescriptors(ThrottlerGuard.prototype);
  const copy = Object.create(Object.create(Object.prototype, methods) as object) as CanActivate & ThrottlerGuard;
  Object.assign(copy, {
    options,
    storageService: new ThrottlerStorageService(),
    reflector: new Reflector(),
    headerPrefix: 'X-RateLimit',
    errorMessage: 'Slow down',
  });
  await copy.onModuleInit();
  return copy;
}

describe.each(['express', 'fastify'] as const)('a throttler that is not that of the module, on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;
  const requests: unknown[] = [];

  beforeAll(async () => {
    const guard = copyGuard({
      throttlers: [{ name: 'own', ttl: 60_000, limit: 2, skipIf: (context) => !isMcp(context) }],
      getTracker: (request) => {
        const { ip, ips, headers, method, url, get } = request as unknown as HttpRequest;
        requests.push({ ip, ips, method, url, agent: headers['user-agent'], got: get?.call(request, 'X-Tenant') });
        return String(headers['x-tenant']);
      },
      ignoreUserAgents: [/^probe/],
    });
    server = await startProtectedServer({
      platform,
      providers: [Tools, { provide: APP_GUARD, useFactory: () => guard }],
    });
    token = await server.token();
  });
  afterAll(() => server.close());

  async function call(headers: Record<string, string>) {
    const response = await post(server.resource, toolCall('look'), { token, headers });
    const { result } = (await response.json()) as { result: ToolResult };
    return { status: response.status, text: result.content[0]?.text, isError: result.isError, all: response.headers };
  }

  test('finds address and headers of the request, and counts by them', async () => {
    const answers = [];
    for (const tenant of ['acme', 'acme', 'acme', 'other'])
      answers.push(await call({ 'x-tenant': tenant, 'user-agent': 'client/1' }));
    expect(answers.map(({ text }) => text)).toEqual(['done', 'done', 'Slow down', 'done']);
    expect(answers.map(({ status, isError }) => [status, isError])[2]).toEqual([200, true]);
    expect(requests[0]).toMatchObject({
      ip: '127.0.0.1',
      method: 'POST',
      url: '/mcp',
      agent: 'client/1',
      got: 'acme',
    });
  });

  test('sets headers that nobody sends', async () => {
    for (const tenant of ['header', 'header', 'header']) {
      const { all } = await call({ 'x-tenant': tenant });
      expect([...all.keys()].filter((name) => name.endsWith('-own'))).toEqual([]);
    }
  });

  test('leaves out the agents that it is told to', async () => {
    for (let times = 0; times < 3; times += 1)
      expect((await call({ 'x-tenant': 'probed', 'user-agent': 'probe/1' })).text).toBe('done');
  });
});

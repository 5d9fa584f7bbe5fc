import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { getOptionsToken, ThrottlerModule, type ThrottlerModuleOptions } from '@nestjs/throttler';
import { McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

const MINUTE = 60_000;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  look(): string {
    return 'done';
  }
}

/** The module of another copy of the package, whose storage has another token. */
@Module({ providers: [{ provide: getOptionsToken(), useValue: [{ ttl: MINUTE, limit: 1 }] }] })
class OtherThrottlerModule {}

let server: ProtectedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(throttling: ThrottlerModuleOptions, platform: Platform, limits?: McpAuthModuleOptions['limits']) {
  server = await startProtectedServer({
    platform,
    providers: [Tools],
    imports: [ThrottlerModule.forRoot(throttling)],
    options: { ...(limits && { limits }) },
  });
  return server;
}

/** Statuses of three calls. */
async function call({ resource, token }: ProtectedServer, agent: string): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let times = 0; times < 3; times += 1) {
    const response = await post(resource, toolCall('look'), {
      token: await token(),
      headers: { 'user-agent': agent },
    });
    await response.text();
    statuses.push(response.status);
  }
  return statuses;
}

describe.each(['express', 'fastify'] as const)("the application's ThrottlerModule on %s", (platform) => {
  const throttlers = [{ ttl: MINUTE, limit: 1 }];

  test.each<[what: string, options: ThrottlerModuleOptions, agent: string, statuses: readonly number[]]>([
    ['counts each call of a tool', { throttlers }, 'client', [200, 429, 429]],
    ['skips what its `skipIf` says', { throttlers, skipIf: () => true }, 'client', [200, 200, 200]],
    [
      'counts what `skipIf` of a throttler does not skip',
      { throttlers: [{ ttl: MINUTE, limit: 1, skipIf: () => false }], skipIf: () => true },
      'client',
      [200, 429, 429],
    ],
    ['ignores some user agents', { throttlers, ignoreUserAgents: [/^probe/] }, 'probe/1', [200, 200, 200]],
    ['counts the other user agents', { throttlers, ignoreUserAgents: [/^probe/] }, 'client', [200, 429, 429]],
  ])('%s', async (_what, options, agent, statuses) => {
    expect(await call(await start(options, platform), agent)).toStrictEqual(statuses);
  });

  test('leaves the limits of options in place if it has none', async () => {
    const limits = { rate: { perTool: { limit: 2, ttlMs: MINUTE } } };

    expect(await call(await start({ throttlers: [] }, platform, limits), 'client')).toStrictEqual([200, 200, 429]);
  });

  test('counts nothing where there is no limit at all', async () => {
    const limits = { rate: { acceptUnlimitedRequests: true as const } };

    expect(await call(await start({ throttlers: [] }, platform, limits), 'client')).toStrictEqual([200, 200, 200]);
  });

  test('is all that is left without limits in the options', async () => {
    const limits = { rate: { acceptUnlimitedRequests: true as const } };

    expect(await call(await start({ throttlers }, platform, limits), 'client')).toStrictEqual([200, 429, 429]);
  });

  test('stops the boot beside `limits.rate.perTool`', async () => {
    await expect(start({ throttlers }, platform, { rate: { perTool: { limit: 2, ttlMs: MINUTE } } })).rejects.toThrow(
      '`limits.rate.perTool` has no effect beside ThrottlerModule, whose throttlers take its place. Remove one of the two.',
    );
  });

  test('stops the boot if its storage cannot be found', async () => {
    const parts = { platform, providers: [Tools], imports: [OtherThrottlerModule] };

    await expect(startProtectedServer(parts)).rejects.toThrow(
      'ThrottlerModule is from another copy of @nestjs/throttler than nestjs-mcp-auth uses',
    );
  });
});

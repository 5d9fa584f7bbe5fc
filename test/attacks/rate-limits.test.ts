import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Controller, Get, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SkipThrottle, Throttle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { McpPrompt, McpTool, type AuditEvent, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';
import { ask, LimitedTools, MINUTE } from './limited-tools.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  other() {
    return 'done';
  }
  @Throttle({ default: { limit: () => Promise.resolve(1), ttl: () => MINUTE } })
  @McpTool({ description: 'x' })
  computed() {
    return 'done';
  }
  @SkipThrottle()
  @McpTool({ description: 'x' })
  any() {
    return 'done';
  }
  @Throttle({ default: { limit: 1, ttl: MINUTE } })
  @McpPrompt({ description: 'x', input: z.object({}) })
  ask() {
    return 'done';
  }
  @Throttle({ default: { limit: 1, ttl: MINUTE } })
  @McpTool({ description: 'x', scopes: ['admin'] })
  guarded() {
    return 'done';
  }
}

@Throttle({ default: { limit: 1, ttl: MINUTE } })
@Injectable()
class ScarceTools {
  @McpTool({ description: 'x' })
  ofClass() {
    return 'done';
  }
  @Throttle({ default: { limit: 2, ttl: MINUTE } })
  @McpTool({ description: 'x' })
  ofMethod() {
    return 'done';
  }
}

@SkipThrottle()
@Injectable()
class UnlimitedTools {
  @McpTool({ description: 'x' })
  skipped() {
    return 'done';
  }
  @SkipThrottle({ default: false })
  @McpTool({ description: 'x' })
  counted() {
    return 'done';
  }
}

/** A tool that is a route, too. */
@Controller('route')
class RouteTools {
  @Throttle({ default: { limit: 2, ttl: MINUTE } })
  @Get()
  @McpTool({ description: 'x' })
  both() {
    return 'done';
  }
}

const events: AuditEvent[] = [];

interface Parts {
  readonly platform?: Platform;
  readonly imports?: DynamicModule[];
  readonly options?: Partial<McpAuthModuleOptions>;
  readonly isGuarded?: boolean;
}

@Module({ providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }] })
class GuardEverything {}

async function start({ platform = 'express', imports = [], options, isGuarded = false }: Parts) {
  events.length = 0;
  return await startProtectedServer({
    platform,
    providers: [LimitedTools, Tools, ScarceTools, UnlimitedTools],
    controllers: [RouteTools],
    imports: [...imports, ...(isGuarded ? [GuardEverything as Type] : [])],
    options: {
      observability: { auditSink: { record: (event) => void events.push(event) } },
      ...options,
    },
  });
}

const throttlers = (limit: number) => ThrottlerModule.forRoot([{ ttl: MINUTE, limit }]);

/** Statuses of as many calls. */
const call = (server: ProtectedServer, token: string | undefined, body: unknown, times: number) =>
  ask(server.resource, token, body, times);

const served = (times: number) => Array.from({ length: times }, () => 200);

describe.each(['express', 'fastify'] as const)('on %s, with a ThrottlerModule', (platform) => {
  let server: ProtectedServer;
  let token: (subject: string, clientId?: string) => Promise<string>;
  let callers = 0;
  let alice: string;
  let bob: string;

  beforeAll(async () => {
    server = await start({ platform, imports: [throttlers(3)], isGuarded: true });
    token = (sub, client_id = 'agent') => server.token('', { sub, client_id });
  });
  beforeEach(async () => {
    callers += 1;
    alice = await token(`alice-${callers}`);
    bob = await token(`bob-${callers}`);
    events.length = 0;
  });
  afterAll(async () => {
    await server.close();
  });

  test.each([
    ['that says nothing', 'plain', 3],
    ['with @Throttle()', 'few', 2],
    ['with functions in @Throttle()', 'computed', 1],
    ['of a class with @Throttle()', 'of_class', 1],
    ['of such a class, with its own @Throttle()', 'of_method', 2],
    ['of a class with @SkipThrottle(), that does not skip', 'counted', 3],
    ['that is a route, too', 'both', 2],
    ['without scopes that it needs', 'guarded', 1],
  ])('a tool %s', async (_case, name, limit) => {
    const status = name === 'guarded' ? 403 : 200;
    expect(await call(server, alice, toolCall(name), limit + 2)).toEqual([
      ...Array.from({ length: limit }, () => status),
      429,
      429,
    ]);
    // Neither another caller, nor another client of the same, nor another tool.
    expect(await call(server, bob, toolCall(name), 1)).toEqual([status]);
    expect(await call(server, await token(`alice-${callers}`, 'other'), toolCall(name), 1)).toEqual([status]);
    expect(await call(server, alice, toolCall('other'), 1)).toEqual([200]);
  });

  test('a new token of the same caller does not help', async () => {
    await call(server, alice, toolCall('few'), 2);
    const again = await server.token('', { sub: `alice-${callers}`, client_id: 'agent', jti: 'another' });
    expect(await call(server, again, toolCall('few'), 1)).toEqual([429]);
  });

  test.each(['any', 'skipped'])('@SkipThrottle() on %s', async (name) => {
    expect(await call(server, alice, toolCall(name), 6)).toEqual(served(6));
  });

  test('a prompt', async () => {
    expect(await call(server, alice, message('prompts/get', { name: 'ask', arguments: {} }), 2)).toEqual([200, 429]);
  });

  test('what is no primitive counts for none of them', async () => {
    expect(await call(server, alice, message('tools/list'), 6)).toEqual(served(6));
  });

  test('the refusal says when to try again, and nothing has run', async () => {
    await call(server, alice, toolCall('few'), 2);
    const answer = await post(server.resource, toolCall('few'), { token: alice });
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('60');
    expect(await answer.json()).toEqual({ statusCode: 429, message: 'Too many requests' });
    expect(events.filter(({ type }) => type === 'request_limited')).toEqual([
      expect.objectContaining({
        caller: expect.objectContaining({ subject: `alice-${callers}` }),
        operation: { method: 'tools/call', name: 'few' },
        throttler: 'default',
        retryAfterMs: MINUTE,
      }),
    ]);
    expect(events.filter(({ type }) => type === 'operation_allowed')).toHaveLength(2);
  });

  test('a route that is a tool counts by itself, once for each request', async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await fetch(`${server.origin}/route`)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect(await call(server, alice, toolCall('both'), 2)).toEqual([200, 200]);
  });

  test('a token that is not accepted takes nothing from the caller it names', async () => {
    const forged = `${alice.slice(0, -8)}AAAAAAAA`;
    expect(await call(server, forged, toolCall('few'), 5)).toEqual([401, 401, 401, 401, 401]);
    expect(await call(server, alice, toolCall('few'), 2)).toEqual([200, 200]);
  });

  test('strangers are told apart by their address, and take nothing from callers', async () => {
    expect(await call(server, undefined, toolCall('open'), 2)).toEqual([200, 429]);
    expect(await call(server, alice, toolCall('open'), 1)).toEqual([200]);
  });
});

describe('several throttlers', () => {
  @Injectable()
  class NamedTools {
    @McpTool({ description: 'x' })
    both() {
      return 'done';
    }
    @SkipThrottle({ short: true })
    @McpTool({ description: 'x' })
    long() {
      return 'done';
    }
    @Throttle({ short: { limit: 1, ttl: MINUTE } })
    @McpTool({ description: 'x' })
    once() {
      return 'done';
    }
  }
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      providers: [NamedTools],
      imports: [
        ThrottlerModule.forRoot([
          { name: 'long', ttl: 10 * MINUTE, limit: 4 },
          { name: 'short', ttl: MINUTE, limit: 2 },
        ]),
      ],
    });
  });
  afterAll(async () => {
    await server.close();
  });

  test.each([
    ['both', 2, 60],
    ['once', 1, 60],
    ['long', 4, 600],
  ])('each applies to %s, unless it skips it', async (name, limit, seconds) => {
    const token = await server.token('', { sub: `of ${name}` });
    expect(await call(server, token, toolCall(name), limit)).toEqual(served(limit));
    const { status, headers } = await post(server.resource, toolCall(name), { token });
    expect([status, Number(headers.get('retry-after'))]).toEqual([429, seconds]);
  });
});

describe('without a ThrottlerModule', () => {
  const rate = { perCaller: { limit: 6, ttlMs: MINUTE }, perTool: { limit: 3, ttlMs: MINUTE } };
  let server: ProtectedServer;
  let alice: string;
  let callers = 0;

  beforeAll(async () => {
    server = await start({ options: { limits: { rate } } });
  });
  beforeEach(async () => {
    callers += 1;
    alice = await server.token('', { sub: `alice-${callers}` });
  });
  afterAll(async () => {
    await server.close();
  });

  test.each([
    ['a tool', toolCall('plain'), 3],
    ['a tool with @Throttle()', toolCall('few'), 2],
    ['a tool with @SkipThrottle()', toolCall('any'), 6],
    ['a tool that does not exist', toolCall('nothing'), 6],
    ['a list', message('tools/list'), 6],
    ['a task', message('tasks/get', { taskId: 'x' }), 6],
    ['a batch', [toolCall('plain'), toolCall('other')], 6],
  ])('%s', async (_case, body, limit) => {
    const statuses = await call(server, alice, body, limit + 1);
    expect(statuses.map((status) => status === 429)).toEqual([...Array.from({ length: limit }, () => false), true]);
    expect(await call(server, await server.token('', { sub: `bob-${callers}` }), toolCall('other'), 1)).toEqual([200]);
  });

  test('all tools together', async () => {
    await call(server, alice, toolCall('plain'), 3);
    await call(server, alice, toolCall('other'), 3);
    expect(await call(server, alice, toolCall('both'), 1)).toEqual([429]);
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

test('there are limits where nothing is said', async () => {
  const server = await start({});
  const token = await server.token();
  const now = performance.now();
  // The minute does not end, however long this takes.
  jest.spyOn(performance, 'now').mockReturnValue(now);
  const statuses: number[] = [];
  for (let round = 0; round < 61; round += 1) {
    const some = await Promise.all(
      Array.from({ length: 10 }, () => post(server.resource, toolCall('plain'), { token })),
    );
    statuses.push(...some.map(({ status }) => status));
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(600);
  expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  await server.close();
});

test('a tool that lists do not show has no limit that tells of it', async () => {
  const server = await start({ imports: [throttlers(3)], options: { lists: { show: 'permitted' } } });
  const answers = await Promise.all(
    ['guarded', 'nothing'].map((name) =>
      server.token().then((token) => post(server.resource, toolCall(name), { token })),
    ),
  );
  const told = answers.map(({ status, headers }) => [
    status,
    [...headers.keys()].filter((name) => name.startsWith('x-ratelimit')),
  ]);
  expect(told[0]).toEqual(told[1]);
  await server.close();
});

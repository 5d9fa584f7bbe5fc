import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { McpPrompt, McpRegistry, McpResource, McpResourceTemplate, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { CallerLimits } from '../../lib/limits/caller-limits.js';
import { OpenStreams } from '../../lib/mcp/protocol/open-streams.js';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { BY_SDK, openBothPaths } from './both-paths.js';

const SEED = 1;

@Injectable()
class News {
  @McpTool({ description: 'Adds' })
  add() {
    return 'added';
  }

  @McpPrompt({ description: 'Reviews' })
  review() {
    return 'Review it';
  }

  @McpResource({ uri: 'news://today' })
  today() {
    return 'none';
  }

  @McpResource({ uri: 'news://secret', scopes: ['secret'] })
  secret() {
    return 'hush';
  }

  @McpResourceTemplate({
    uriTemplate: 'news://{day}/of/{town}',
    input: z.object({ day: z.string(), town: z.string() }),
  })
  of() {
    return 'none';
  }
}

@Injectable()
class OnlyTools {
  @McpTool({ description: 'Adds' })
  add() {
    return 'added';
  }
}

const URIS = ['news://today', 'news://secret', 'news://monday/of/Zürich', 'news://none', '"\\\u2028'];

const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(null, 0, '', [], {}, [1], ['news://today', 2]));

/** A value that is right, mostly. */
function mostly<Value>(right: fc.Arbitrary<Value>): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: right, weight: 30 }, { arbitrary: odd, weight: 1 });
}

const filter = fc.record(
  {
    toolsListChanged: mostly(fc.boolean()),
    promptsListChanged: mostly(fc.boolean()),
    resourcesListChanged: mostly(fc.boolean()),
    resourceSubscriptions: mostly(fc.array(fc.constantFrom(...URIS), { maxLength: 4 })),
    tasksChanged: odd,
  },
  { requiredKeys: [] },
);

const listen = fc
  .record({
    notifications: mostly(filter),
    id: fc.oneof(
      { arbitrary: fc.constantFrom(0, 1, 2, 'a', '"\u2028ü'), weight: 20 },
      { arbitrary: fc.constantFrom(null, undefined, 1.5, -1, true, '', 2 ** 60), weight: 1 },
    ),
    extra: fc.oneof({ arbitrary: fc.constant({}), weight: 20 }, { arbitrary: fc.constant({ extra: 1 }), weight: 1 }),
    meta: fc.oneof(
      { arbitrary: fc.constant({}), weight: 20 },
      {
        arbitrary: fc.constantFrom(
          { progressToken: 1 },
          { 'io.modelcontextprotocol/logLevel': 'debug' },
          { 'io.modelcontextprotocol/protocolVersion': '2025-11-25' },
          { 'io.modelcontextprotocol/clientCapabilities': 1 },
        ),
        weight: 1,
      },
    ),
    accept: fc.oneof(
      { arbitrary: fc.constant('application/json, text/event-stream'), weight: 20 },
      { arbitrary: fc.constantFrom('*/*', 'application/json', 'text/event-stream', 'text/html'), weight: 1 },
    ),
  })
  .map(({ notifications, id, extra, meta, accept }) => {
    const body = message('subscriptions/listen', { notifications, ...extra }) as Record<string, unknown>;
    const params = body.params as { _meta: object };
    return { body: { ...body, id, params: { ...params, _meta: { ...params._meta, ...meta } } }, accept };
  });

interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

describe.each(['express', 'fastify'] as const)('those who listen, on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;
  let paths: ReturnType<typeof openBothPaths>;

  beforeEach(() => {
    paths = openBothPaths();
  });
  afterEach(async () => {
    await server.close();
    jest.restoreAllMocks();
  });

  async function start(type: typeof News | typeof OnlyTools): Promise<void> {
    server = await startProtectedServer({
      platform,
      providers: [type],
      options: { limits: { rate: { acceptUnlimitedRequests: true }, perCaller: { streams: 10_000 } } },
    });
    token = await server.token();
  }

  async function open(body: unknown, accept: string, bySdk: boolean): Promise<{ readonly heard: Promise<Heard> }> {
    const headers = { accept, ...(bySdk && { [BY_SDK]: '1' }) };
    const response = await post(server.resource, body as Record<string, unknown>, { token, headers });
    const told = ['content-type', 'cache-control', 'x-accel-buffering', 'connection', 'retry-after'];
    return {
      heard: response.text().then((text) => ({
        status: response.status,
        headers: Object.fromEntries(told.map((name) => [name, response.headers.get(name)])),
        // Requests have references of their own.
        text: text.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<reference>'),
      })),
    };
  }

  /** Everything that may change changes, one after the other. */
  async function change(): Promise<void> {
    const registry = server.app.get(McpRegistry);
    for (const uri of URIS) registry.sendResourceUpdated(uri);
    (await registry.registerTool({ name: 'new', description: 'x' }, () => 1)).remove();
    (await registry.registerPrompt({ name: 'new', description: 'x' }, () => 'x')).remove();
    registry.sendResourceUpdated('news://today');
    (await registry.registerResource({ name: 'new', uri: 'new://x', description: 'x' }, () => 'x')).remove();
    for (let turns = 0; turns < 50; turns += 1) await nextTurn();
  }

  test.each([
    [News, 100],
    [OnlyTools, 40],
  ])('hear what the SDK would tell them of %p, in %d messages', async (type, count) => {
    await start(type);
    const all = fc.sample(listen, { numRuns: count, seed: SEED });
    const opened = await Promise.all(
      all.map(async ({ body, accept }) => [await open(body, accept, false), await open(body, accept, true)] as const),
    );
    await change();
    server.app.get(OpenStreams, { strict: false }).endEndless();
    for (const [index, [ours, oracle]] of opened.entries())
      expect([all[index], await ours.heard]).toEqual([all[index], await oracle.heard]);
    // The test would say nothing if the SDK answered all of them.
    expect(paths.direct).toBeGreaterThan(0);
    const limits = server.app.get(CallerLimits, { strict: false });
    expect([limits.of('streams').count, limits.of('subscriptions').count]).toEqual([0, 0]);
  });
});

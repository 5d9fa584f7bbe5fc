import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpRegistry, McpTool } from 'nestjs-mcp-auth';
import { Catalogue } from '../../lib/resource-server/catalogue/catalogue.js';
import type { Primitive } from '../../lib/resource-server/catalogue/primitive.js';
import { UriPattern } from '../../lib/resource-server/resource-uris/uri-pattern.js';
import { ChangeNotifications } from '../../lib/mcp/notifications/change-notifications.js';
import { LocalBus } from '../support/local-bus.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'One', scopes: ['use'] })
  one() {
    return 'one';
  }
}

const bus = new LocalBus();
let server: ProtectedServer;
let registry: McpRegistry;
/** Changes that the streams of this process are told, and messages for other replicas. */
const told: string[] = [];
const published: string[] = [];

beforeAll(async () => {
  const options = { replicas: { bus, keys: [randomBytes(32)] }, lists: { ttlMs: 0 } };
  server = await startProtectedServer({ platform: 'fastify', providers: [Tools], options });
  registry = server.app.get(McpRegistry);
  server.app.get(ChangeNotifications, { strict: false }).bus.subscribe(({ kind }) => told.push(kind));
  bus.subscribe((message) => published.push((JSON.parse(message) as { event: { kind: string } }).event.kind));
});

afterAll(() => server.close());

async function listToldIn(change: () => Promise<void>): Promise<readonly string[]> {
  told.length = 0;
  published.length = 0;
  await change();
  await nextTurn();
  await nextTurn();
  expect(published).toEqual(told);
  return [...told];
}

describe('changes of one turn are told once', () => {
  test('of many tools, one after the other', async () => {
    const registrations: { remove(): boolean }[] = [];
    const added = await listToldIn(async () => {
      for (let index = 0; index < 50; index += 1)
        registrations.push(await registry.registerTool({ name: `many_${index}`, description: 'x' }, () => 1));
    });
    expect(added).toEqual(['tools_list_changed']);
    const removed = await listToldIn(async () => {
      for (const one of registrations) one.remove();
      await Promise.resolve();
    });
    expect(removed).toEqual(['tools_list_changed']);
  });

  test('of many at once', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `at_once_${index}`);
    let registrations: readonly { remove(): boolean }[] = [];
    const added = await listToldIn(async () => {
      registrations = await Promise.all(
        names.map((name) => registry.registerTool({ name, description: 'x' }, () => 1)),
      );
    });
    expect(added).toEqual(['tools_list_changed']);
    for (const one of registrations) one.remove();
  });

  test('each kind of list', async () => {
    const added = await listToldIn(async () => {
      await registry.registerTool({ name: 'kinds', description: 'x' }, () => 1);
      await registry.registerPrompt({ name: 'kinds' }, () => 'x');
      await registry.registerResource({ name: 'kinds', uri: 'kinds://x' }, () => 'x');
      await registry.registerResourceTemplate({ name: 'kind', uriTemplate: 'kind://{x}' }, () => 'x');
    });
    expect([...added].sort()).toEqual(['prompts_list_changed', 'resources_list_changed', 'tools_list_changed']);
  });

  test('and those of the next turn once more', async () => {
    const added = await listToldIn(async () => {
      for (const name of ['first_turn', 'second_turn']) {
        await registry.registerTool({ name, description: 'x' }, () => 1);
        await nextTurn();
        await nextTurn();
      }
    });
    expect(added).toEqual(['tools_list_changed', 'tools_list_changed']);
  });

  test('not what was refused', async () => {
    const added = await listToldIn(async () => {
      await expect(registry.registerTool({ name: 'one', description: 'x' }, () => 1)).rejects.toThrow('"one"');
    });
    expect(added).toEqual([]);
  });
});

/** Counts how often a member of a primitive is read. */
function countReads(primitive: Primitive, reads: { count: number }): Primitive {
  return new Proxy(primitive, {
    get: (target, member, receiver) => {
      reads.count += 1;
      return Reflect.get(target, member, receiver) as unknown;
    },
  });
}

describe('one more tool', () => {
  test('costs the same beside many others: none of them is looked at', () => {
    const catalogue = server.app.get(Catalogue, { strict: false });
    const model = catalogue.findTool('one') as Primitive;
    const reads = { count: 0 };
    const others = Array.from({ length: 100 }, (_, index) =>
      countReads({ ...model, name: `counted_${index}` } as Primitive, reads),
    );
    for (const one of others) catalogue.add(one, []);
    reads.count = 0;
    const last = { ...model, name: 'last' } as Primitive;
    catalogue.add(last, []);
    catalogue.remove(last);
    expect(reads.count).toBe(0);
    // They are sorted for whoever asks, and once.
    const { tools } = catalogue;
    expect(tools.map(({ name }) => name)).toContain('counted_99');
    expect(reads.count).toBeGreaterThan(100);
    expect(catalogue.hasAnonymous).toBe(false);
    reads.count = 0;
    expect(catalogue.tools).toBe(tools);
    expect(catalogue.listedTools).toBe(catalogue.listedTools);
    expect(catalogue.hasAnonymous).toBe(false);
    expect(reads.count).toBe(0);
    for (const one of others) catalogue.remove(one);
    expect(catalogue.findTool('counted_0')).toBeUndefined();
  });
});

/** Counts how often a member of a pattern is read, too. */
function withPattern(primitive: Primitive, name: string, reads: { count: number }): Primitive {
  if (!('pattern' in primitive)) return { ...primitive, name } as Primitive;
  const pattern = new Proxy(UriPattern.parse(name), {
    get: (target, member) => {
      reads.count += 1;
      return Reflect.get(target, member) as unknown;
    },
  });
  return { ...primitive, name, pattern } as Primitive;
}

describe.each([
  ['resource', (index: number) => `many://${index}`],
  ['resourceTemplate', (index: number) => `many${index}://{id}`],
  ['resourceTemplate', (index: number) => `many://items${index}/{id}`],
  ['resourceTemplate', (index: number) => `many://{id}/items${index}`],
  ['prompt', (index: number) => `many_${index}`],
] as const)('one more %s', (kind, nameOf) => {
  test(`costs the same beside many others, such as ${nameOf(1)}: none of them is looked at`, async () => {
    const catalogue = server.app.get(Catalogue, { strict: false });
    const registrations = await Promise.all([
      registry.registerResource({ name: 'model', uri: 'model://1' }, () => 'x'),
      registry.registerResourceTemplate({ name: 'model', uriTemplate: 'model://1/{id}' }, () => 'x'),
      registry.registerPrompt({ name: 'model' }, () => 'x'),
    ]);
    const model = catalogue.primitives.find((one) => one.kind === kind && one.name.startsWith('model')) as Primitive;
    const reads = { count: 0 };
    const others = Array.from({ length: 100 }, (_, index) =>
      countReads(withPattern(model, nameOf(index), reads), reads),
    );
    for (const one of others) catalogue.add(one, []);
    reads.count = 0;
    const last = withPattern(model, nameOf(1_000), { count: 0 });
    catalogue.add(last, []);
    expect(catalogue.hasAnonymous).toBe(false);
    expect(catalogue.hasComputedScopes).toBe(false);
    expect(catalogue.remove(last)).toBe(true);
    expect(reads.count).toBe(0);
    for (const one of others) expect(catalogue.remove(one)).toBe(true);
    for (const one of registrations) one.remove();
  });
});

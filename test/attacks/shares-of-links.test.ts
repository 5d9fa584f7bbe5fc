import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditEvent } from 'nestjs-mcp-auth';
import { CallerLimits } from '../../lib/limits/caller-limits.js';
import { Parties, type LinkedServer } from '../linking/linked-server.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

describe.each([
  ['express', 'this process'],
  ['fastify', 'a store that replicas share'],
] as const)('on %s, with links in %s, one user', (platform, place) => {
  let parties: Parties;
  let server: LinkedServer;
  let adapter: MemoryAdapter;
  let events: AuditEvent[];

  beforeEach(async () => {
    [adapter, events] = [new MemoryAdapter(), []];
    parties = await Parties.start();
    const auditSink = { record: (event: AuditEvent) => void events.push(event) };
    const replicas = place === 'this process' ? {} : { store: adapter, keys: [randomBytes(32)] };
    const limits = { perCaller: { pendingLinks: 4 }, inAll: { pendingLinks: 5 } };
    server = await parties.serve({ platform, options: { limits, replicas, observability: { auditSink } } });
  });
  afterEach(() => parties.close());

  const open = async (page: string) => (await fetch(page, { redirect: 'manual' })).status;

  const held = () => server.get(CallerLimits).of('pendingLinks').count;

  const told = () =>
    events.flatMap((event) =>
      event.type === 'limit_reached' ? [`${event.caller?.subject ?? ''} ${event.quantity}`] : [],
    );

  test('who asks for links without end loses the oldest, and another user none', async () => {
    const mine = await server.pageFor('alice');
    const theirs: string[] = [];
    for (let index = 0; index < 12; index += 1) theirs.push(await server.pageFor('bob'));
    expect(held()).toBe(5);
    if (place !== 'this process')
      expect([...adapter.entries.keys()].filter((key) => key.includes(':linking:'))).toHaveLength(5);
    expect(await open(mine)).toBe(303);
    expect(await open(theirs[11] ?? '')).toBe(303);
    expect(await open(theirs[0] ?? '')).not.toBe(303);
    expect(told()).toEqual(['bob pendingLinks']);
  });

  test('whose link is opened without end, by whomever, takes no more', async () => {
    const mine = await server.pageFor('alice');
    const theirs = await server.pageFor('bob');
    for (let index = 0; index < 12; index += 1) await open(theirs);
    expect(held()).toBe(5);
    expect(await open(mine)).toBe(303);
  });

  test('makes room when there is none for others', async () => {
    for (let index = 0; index < 4; index += 1) await server.pageFor('bob');
    const pages = [await server.pageFor('alice'), await server.pageFor('alice')];
    expect(held()).toBe(5);
    expect(await open(pages[0] ?? '')).toBe(303);
    expect(told()).toEqual(['bob pendingLinks']);
  });
});

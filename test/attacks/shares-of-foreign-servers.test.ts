import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startForeignServer, type ForeignServer } from '../foreign-servers/foreign-server.js';
import { CallerLimits } from '../../lib/limits/caller-limits.js';

describe.each(['express', 'fastify'] as const)('on %s, one caller of another server', (platform) => {
  let server: ForeignServer;
  const ends: (() => void)[] = [];
  let onRun: () => void = () => undefined;
  const open: AbortController[] = [];

  beforeAll(async () => {
    const limits = { perCaller: { callsInFlight: 2, streams: 2 }, inAll: { streams: 3 } };
    server = await startForeignServer({ platform, rules: { tools: { run: {} } }, options: { limits } });
    server.body = async () => {
      await new Promise<void>((resolve) => {
        ends.push(resolve);
        onRun();
      });
      return 'done';
    };
  });
  afterEach(async () => {
    for (const abort of open.splice(0)) abort.abort();
    for (const end of ends.splice(0)) end();
    const held = () => server.app.get(CallerLimits, { strict: false });
    while (held().of('callsInFlight').count + held().of('streams').count > 0)
      await new Promise((resolve) => setImmediate(resolve));
  });
  afterAll(() => server.close());

  const tokenOf = (sub: string) => server.token('', { sub });

  async function startCall(name: string): Promise<AbortController> {
    const abort = new AbortController();
    open.push(abort);
    const begun = new Promise<void>((resolve) => (onRun = resolve));
    void server.run({ token: await tokenOf(name), signal: abort.signal }).catch(() => undefined);
    await begun;
    return abort;
  }

  async function openStream(name: string): Promise<Response> {
    const abort = new AbortController();
    open.push(abort);
    const headers = { authorization: `Bearer ${await tokenOf(name)}`, accept: 'text/event-stream' };
    return await fetch(server.resource, { headers, signal: abort.signal });
  }

  test('who calls without end is refused before the other server is reached, and no other caller is', async () => {
    for (let index = 0; index < 2; index += 1) await startCall('attacker');
    const reached = server.reached.length;
    const refused = await server.run({ token: await tokenOf('attacker') });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect(await refused.json()).toMatchObject({ error: { data: { quantity: 'callsInFlight' } } });
    expect(server.reached).toHaveLength(reached);
    await startCall('victim');
  });

  test('who listens without end is refused, and no other caller is', async () => {
    const first = await openStream('attacker');
    expect([first.status, (await openStream('attacker')).status]).toEqual([200, 200]);
    expect((await openStream('attacker')).status).toBe(429);
    expect((await openStream('victim')).status).toBe(200);
  });

  test('who listens most loses a stream when there is no room', async () => {
    const first = await openStream('attacker');
    await openStream('attacker');
    await openStream('third');
    expect((await openStream('victim')).status).toBe(200);
    await expect(first.text()).rejects.toThrow();
  });
});

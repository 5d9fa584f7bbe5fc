import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SharedServer } from './shares.js';

describe.each(['express', 'fastify'] as const)('on %s, one caller who calls without end', (platform) => {
  let shared: SharedServer;
  beforeAll(async () => {
    const limits = { perCaller: { callsInFlight: 3, bytesOfEach: 20_000 }, inAll: { callsInFlight: 5 } };
    shared = await SharedServer.start(platform, limits);
  });
  afterEach(() => shared.reset('callsInFlight'));
  afterAll(() => shared.close());

  const call = async (name: string, params: Record<string, unknown> = { name: 'ping' }) => {
    const response = await shared.ask(name, 'tools/call', params);
    return { status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() };
  };

  async function fill(name: string, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await shared.startCall(name);
  }

  test('is told to try again, before anything is dispatched, and no other caller is', async () => {
    await fill('attacker', 3);
    const refused = await call('attacker');
    expect(refused).toMatchObject({ status: 429, retryAfter: '2' });
    expect(JSON.parse(refused.text)).toMatchObject({
      jsonrpc: '2.0',
      id: expect.any(Number),
      error: { data: { reason: 'caller_limit_reached', quantity: 'callsInFlight', retryAfterMs: 2_000 } },
    });
    expect((await call('victim')).text).toContain('pong');
    expect(shared.told('callsInFlight')).toEqual(['attacker caller refused']);
  });

  test.each([
    ['prompts/get', { name: 'x' }],
    ['resources/read', { uri: 'news://today' }],
    ['resources/list', {}],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'x' }, argument: { name: 'x', value: '' } }],
  ])('is refused %s, too', async (method, params) => {
    await fill('attacker', 3);
    expect((await shared.ask('attacker', method, params)).status).toBe(429);
  });

  test.each([
    ['tools/list', {}],
    ['tasks/cancel', { taskId: 'x' }],
  ])('may still ask for %s', async (method, params) => {
    await fill('attacker', 3);
    expect((await shared.ask('attacker', method, params)).status).not.toBe(429);
  });

  test('gains nothing by going away while the method goes on', async () => {
    for (let index = 0; index < 3; index += 1) (await shared.startCall('attacker')).abort();
    expect((await call('attacker')).status).toBe(429);
  });

  test('has its share again when the methods are over', async () => {
    await fill('attacker', 3);
    await shared.reset('callsInFlight');
    expect((await call('attacker')).status).toBe(200);
    expect(shared.held('callsInFlight')).toEqual({ count: 0, bytes: 0 });
  });

  test('cannot send messages that take more memory than its share', async () => {
    const refused = await call('attacker', { name: 'ping', arguments: { text: 'x'.repeat(12_000) } });
    expect(refused.status).toBe(429);
    expect((await call('victim')).status).toBe(200);
  });

  test('is one event in a minute, also where nothing of the caller is left between two refusals', async () => {
    const name = 'someone else';
    await shared.signIn(name);
    for (let index = 0; index < 3; index += 1)
      expect((await call(name, { name: 'ping', arguments: { text: 'x'.repeat(12_000) } })).status).toBe(429);
    expect(shared.told('callsInFlight').filter((one) => one.startsWith(name))).toEqual([`${name} caller refused`]);
  });

  test('and another fill the server: the next gets 503', async () => {
    await fill('attacker', 3);
    await fill('third', 2);
    const refused = await call('victim');
    expect(refused).toMatchObject({ status: 503, retryAfter: '2' });
    expect(refused.text).toContain('server_limit_reached');
    expect((await call('victim')).status).toBe(503);
    expect(shared.told('callsInFlight')).toContain('victim server refused');
    expect(shared.told('callsInFlight').filter((one) => one.startsWith('victim'))).toHaveLength(1);
  });
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SharedServer } from './shares.js';

describe.each(['express', 'fastify'] as const)('on %s, one caller who listens without end', (platform) => {
  let shared: SharedServer;
  beforeEach(async () => {
    const limits = { perCaller: { streams: 3, subscriptions: 4 }, inAll: { streams: 5 } };
    shared = await SharedServer.start(platform, limits);
  });
  afterEach(() => shared.close());

  /** Whether a stream is open, after everything that is on its way has come. */
  async function isOpen({ response }: { response: Response }): Promise<boolean> {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    (await shared.registry.registerTool({ name: 'brief', description: 'x' }, () => 1)).remove();
    for (let heard = ''; !heard.includes('tools/list_changed');) {
      const { done, value } = await reader.read();
      if (done) return false;
      heard += decoder.decode(value, { stream: true });
    }
    reader.releaseLock();
    return true;
  }

  describe.each(['modern', 'legacy'] as const)('as a client of the %s era', (era) => {
    const open = (name: string) => shared.openStream(name, era === 'legacy' ? { session: shared.session() } : {});

    test('is refused, and another caller listens', async () => {
      for (let index = 0; index < 3; index += 1) expect((await open('attacker')).response.status).toBe(200);
      const { response } = await open('attacker');
      expect([response.status, response.headers.get('retry-after')]).toEqual([429, '2']);
      expect(await response.text()).toContain('"quantity":"streams"');
      expect(await isOpen(await open('victim'))).toBe(true);
      expect(shared.told('streams')).toEqual(['attacker caller refused']);
    });

    test('has its share again when a stream is closed', async () => {
      const first = await open('attacker');
      for (let index = 0; index < 2; index += 1) await open('attacker');
      first.abort.abort();
      while (shared.held('streams').count === 3) await new Promise((resolve) => setImmediate(resolve));
      expect((await open('attacker')).response.status).toBe(200);
    });

    test('loses its oldest stream to one who has fewer when there is no room', async () => {
      const oldest = await open('attacker');
      for (let index = 0; index < 2; index += 1) await open('attacker');
      const others = [await open('third'), await open('third')];
      expect((await open('victim')).response.status).toBe(200);
      expect(await isOpen(oldest)).toBe(false);
      for (const other of others) expect(await isOpen(other)).toBe(true);
      expect(shared.told('streams')).toEqual(['attacker server displaced']);
    });
  });

  test('cannot listen to more resources than its share', async () => {
    const uris = (count: number) => Array.from({ length: count }, (_one, index) => `news://${index}`);
    const { response } = await shared.openStream('attacker', { uris: uris(4) });
    expect(response.status).toBe(200);
    expect((await shared.openStream('attacker', { uris: uris(1) })).response.status).toBe(429);
    expect((await shared.openStream('victim', { uris: uris(4) })).response.status).toBe(200);
    await shared.reset('streams', 'subscriptions');
    expect(shared.held('subscriptions')).toEqual({ count: 0, bytes: 0 });
  });

  test('without a token is not heard at all', async () => {
    const listen = { notifications: { resourceSubscriptions: ['open://x'] } };
    expect((await shared.ask(undefined, 'subscriptions/listen', listen)).status).toBe(401);
  });
});

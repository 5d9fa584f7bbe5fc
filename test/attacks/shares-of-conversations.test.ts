import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SharedServer } from './shares.js';

describe.each(['express', 'fastify'] as const)('on %s, one caller of a revision before 2026-07-28', (platform) => {
  let shared: SharedServer;
  beforeAll(async () => {
    const limits = { perCaller: { subscriptions: 10, conversations: 3, openQuestions: 2 } };
    shared = await SharedServer.start(platform, limits);
  });
  afterEach(() => shared.reset('openQuestions'));
  afterAll(() => shared.close());

  const subscribe = async (name: string | undefined, session: string, uri: string) =>
    (await shared.askAsBefore(name, session, 'resources/subscribe', { uri })).status;

  /** What a stream hears of resources until a list has changed. */
  async function hear(name: string, session: string, uris: readonly string[]): Promise<string[]> {
    const { response } = await shared.openStream(name, { session });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (const uri of uris) shared.registry.sendResourceUpdated(uri);
    (await shared.registry.registerTool({ name: 'brief', description: 'x' }, () => 1)).remove();
    const decoder = new TextDecoder();
    let heard = '';
    while (!heard.includes('tools/list_changed'))
      heard += decoder.decode((await reader.read()).value, { stream: true });
    await reader.cancel();
    return [...heard.matchAll(/"uri":"([^"]*)"/g)].map(([, uri = '']) => uri);
  }

  test('who subscribes without end loses its own oldest subscriptions, and no others', async () => {
    const [mine, theirs] = [shared.session(), shared.session()];
    await subscribe('victim', mine, 'news://today');
    const before = shared.held('subscriptions');
    const uris = Array.from({ length: 50 }, (_one, index) => `news://${index}`);
    for (const uri of uris) expect(await subscribe('attacker', theirs, uri)).toBe(200);
    expect(shared.held('subscriptions').count).toBe(before.count + 10);
    expect(shared.held('subscriptions').bytes).toBeLessThan(20 * before.bytes);
    expect(await hear('attacker', theirs, uris)).toEqual(uris.slice(-10));
    expect(await hear('victim', mine, ['news://today'])).toEqual(['news://today']);
    expect(shared.told('subscriptions')).toEqual(['attacker caller displaced']);
  });

  test('who subscribes with one session after another takes no more than with one', async () => {
    const { count } = shared.held('subscriptions');
    for (let index = 0; index < 50; index += 1) await subscribe('third', shared.session(), 'news://today');
    expect(shared.held('subscriptions').count).toBe(count + 10);
  });

  test('who subscribes to long names takes no more than with short ones', async () => {
    const { bytes } = shared.held('subscriptions');
    await subscribe('third', shared.session(), `news://${'x'.repeat(50_000)}`);
    expect(shared.held('subscriptions').bytes).toBeLessThanOrEqual(bytes);
  });

  test.each(['resources/subscribe', 'resources/unsubscribe'])(
    'and no token is refused %s, also of what everyone may read',
    async (method) => {
      const held = shared.held('subscriptions');
      const session = shared.session();
      expect((await shared.askAsBefore(undefined, session, 'resources/read', { uri: 'open://x' })).status).toBe(200);
      expect((await shared.askAsBefore(undefined, session, method, { uri: 'open://x' })).status).toBe(401);
      expect(shared.held('subscriptions')).toEqual(held);
    },
  );

  test('who begins conversations without end is forgotten, and no other is', async () => {
    const { count } = shared.held('conversations');
    await shared.askAsBefore('victim', shared.session(), 'logging/setLevel', { level: 'error' });
    for (let index = 0; index < 20; index += 1)
      await shared.askAsBefore('attacker', shared.session(), 'logging/setLevel', { level: 'error' });
    expect(shared.held('conversations').count).toBe(count + 4);
    expect(shared.told('conversations')).toEqual(['attacker caller displaced']);
  });

  /** A call that asks its user something, which nobody answers. */
  async function askUser(name: string): Promise<string> {
    const abort = new AbortController();
    const response = await shared.askAsBefore(name, shared.session(), 'tools/call', { name: 'ask' }, abort.signal);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    shared.keepOpen(abort);
    return new TextDecoder().decode(value);
  }

  test('who leaves questions open is asked no more, and others are', async () => {
    for (let index = 0; index < 2; index += 1) expect(await askUser('attacker')).toContain('elicitation/create');
    const refused = await askUser('attacker');
    expect(refused).not.toContain('elicitation/create');
    expect(refused).toMatch(/Too many .*try again later.*"isError":true|"isError":true.*Too many .*[Tt]ry again later/);
    expect(await askUser('victim')).toContain('elicitation/create');
    expect(shared.told('openQuestions')).toEqual(['attacker caller refused']);
    await shared.reset('openQuestions');
    expect(shared.held('openQuestions')).toEqual({ count: 0, bytes: 0 });
  });
});

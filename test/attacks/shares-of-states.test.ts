import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { SharedServer } from './shares.js';

describe.each(['express', 'fastify'] as const)('on %s, one caller who answers no question', (platform) => {
  let shared: SharedServer;
  const adapter = new MemoryAdapter();
  beforeAll(async () => {
    shared = await SharedServer.start(
      platform,
      { perCaller: { openStates: 5 } },
      { replicas: { store: adapter, keys: [randomBytes(32)] } },
    );
  });
  afterAll(() => shared.close());

  async function call(name: string, more: Record<string, unknown> = {}) {
    const response = await shared.ask(name, 'tools/call', { name: 'ask', arguments: {}, ...more });
    const { result } = (await response.json()) as {
      result?: { requestState?: string; content?: { text: string }[] };
    };
    return result;
  }

  const answer = (requestState: string | undefined) => ({
    requestState,
    inputResponses: { 'elicitation-1': { action: 'decline' } },
  });

  test('loses the oldest of its own states, and no other caller loses any', async () => {
    const mine = await call('victim');
    const theirs = [];
    for (let index = 0; index < 20; index += 1) theirs.push(await call('attacker'));
    expect(shared.held('openStates').count).toBe(6);
    expect(adapter.entries.size).toBe(6);
    expect((await call('victim', answer(mine?.requestState)))?.content?.[0]?.text).toBe('decline');
    expect((await call('attacker', answer(theirs[19]?.requestState)))?.content?.[0]?.text).toBe('decline');
    expect(await call('attacker', answer(theirs[0]?.requestState))).toBeUndefined();
    expect(shared.told('openStates')).toEqual(['attacker caller displaced']);
  });
});

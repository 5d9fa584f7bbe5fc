import { createSecretKey, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ThrottlerModule, type ThrottlerStorage } from '@nestjs/throttler';
import { SharedSealedStore } from '../../lib/replicas/sealed-store.js';
import { callTool, textOf } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { LimitedTools, MINUTE } from '../attacks/limited-tools.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

describe('a line about a store is under the name of what keeps its values there', () => {
  const purposes = [
    ['accounts', 'The store of linked accounts', 'LinkedAccounts'],
    ['link-requests', 'The store of linked accounts', 'LinkedAccounts'],
    ['tasks', 'The store of tasks', 'McpTasks'],
    ['unused-states', 'The store of request states', 'McpServing'],
  ] as const;
  const createKey = () => createSecretKey(randomBytes(32));
  const createStore = (purpose: (typeof purposes)[number][0], store: MemoryAdapter, key = createKey()) =>
    new SharedSealedStore(
      { store, keys: [key], namespace: 'x', lock: undefined, timeoutMs: 1_000 },
      purpose,
      'https://mcp.example/mcp',
    );
  let log: RecordingLogger;

  beforeEach(() => {
    log = new RecordingLogger();
    Logger.overrideLogger(log);
  });
  afterEach(() => {
    Logger.overrideLogger(false);
  });

  test.each(purposes)('that is down (%s)', async (purpose, name, context) => {
    const down = new MemoryAdapter();
    down.get = () => Promise.reject(new Error('down'));
    const store = createStore(purpose, down);
    for (let count = 0; count < 3; count += 1) await expect(store.get('key')).rejects.toThrow(name);
    expect(log.lines).toEqual([
      `warn ${name} is not usable. It is not asked until it is usable again: down ${context}`,
    ]);
  });

  test.each(purposes)('whose values no key opens (%s)', async (purpose, name, context) => {
    const adapter = new MemoryAdapter();
    await createStore(purpose, adapter).set('key', 'value', { holder: undefined, lifetimeMs: MINUTE });
    expect(await createStore(purpose, adapter).get('key')).toBeUndefined();
    expect(log.lines).toEqual([`warn A value in ${name} can be opened with none of \`replicas.keys\` ${context}`]);
  });
});

test('a line about the storage of ThrottlerModule is under that of rate limits', async () => {
  const storage: ThrottlerStorage = { increment: () => Promise.reject(new Error('down')) };
  const server = await startProtectedServer({
    providers: [LimitedTools],
    imports: [ThrottlerModule.forRoot({ throttlers: [{ limit: 100, ttl: MINUTE }], storage })],
  });
  for (let count = 0; count < 3; count += 1)
    expect(textOf(await callTool(server.resource, await server.token(), 'plain'))).toBe('done');
  await server.close();
  expect(server.log.lines.filter((line) => line.startsWith('warn The storage'))).toEqual([
    'warn The storage of ThrottlerModule is not usable. It is not asked until it is usable again: down RateLimits',
  ]);
});

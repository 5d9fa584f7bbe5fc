import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { AccountRefresh } from '../../lib/on-behalf-of/linking/account-refresh.js';
import type { ResolvedOptions } from '../../lib/options/resolved-options.js';
import { resolveReplicas } from '../../lib/replicas/replica-options.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

/** A lock that replicas share, and who holds what. */
function makeLock() {
  const held = new Map<string, string>();
  return {
    held,
    acquire: (key: string, owner: string) => Promise.resolve(!held.has(key) && held.set(key, owner).has(key)),
    release: (key: string, owner: string) => Promise.resolve(held.get(key) === owner && held.delete(key)),
  };
}

const OWNER = { issuer: 'https://id.example.com', subject: 'alice', downstream: 'crm' };

test.each([
  ['is over', undefined],
  ['has failed', new Error('The store is down')],
])('a turn at an account that %s is given back, and nobody waits for it', async (_how, failure) => {
  const lock = makeLock();
  const during: number[] = [];
  const records = {
    deriveAccountKey: () => 'key',
    keepAccount: async () => {
      during.push(lock.held.size);
      await (failure && Promise.reject(failure));
    },
  };
  const replicas = resolveReplicas({ store: new MemoryAdapter(), keys: [randomBytes(32)], lock });
  const accounts = new AccountRefresh({ replicas } as ResolvedOptions, records as never, {} as never, {} as never);
  for (let turn = 0; turn < 2; turn += 1) {
    const turning = accounts.replace(OWNER, { accessToken: 'access', scopes: [] });
    await (failure ? expect(turning).rejects.toBe(failure) : turning);
    expect(lock.held.size).toBe(0);
  }
  expect(during).toEqual([1, 1]);
});

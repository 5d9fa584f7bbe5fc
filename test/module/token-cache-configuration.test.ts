import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { clientSecretBasic } from 'nestjs-mcp-auth';
import { bootErrorOf, bootModule } from '../support/module-boot.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

const good = {
  server: { name: 'orders', version: '1.0.0' },
  resource: 'https://mcp.example.com/mcp',
  issuers: [{ issuer: 'https://id.example.com' }],
  client: { id: 'mcp-orders', authentication: clientSecretBasic('secret') },
  doctor: false,
};

const boot = (options: object) => bootModule({ ...good, ...options });
const bootError = (options: object) => bootErrorOf({ ...good, ...options });

const store = new MemoryAdapter();
const key = randomBytes(32);
const shared = { store, keys: [key] };
const lock = { acquire: () => Promise.resolve(true), release: () => Promise.resolve() };

describe('a store that replicas share boots', () => {
  test.each<[string, object]>([
    ['with nothing said', {}],
    ['with keys alone, for what clients carry', { keys: [key] }],
    ['with a store', shared],
    ['with a Redis, which is not asked at boot', { ...shared, store: new KeyvRedis('redis://127.0.0.1:1') }],
    ['with keys in base64', { store, keys: [key.toString('base64'), key.toString('base64url')] }],
    ['with keys in an array of bytes', { store, keys: [new Uint8Array(key)] }],
    ['with all that can be said', { ...shared, namespace: 'a', lock, storeTimeoutMs: 10 }],
    ['at the other end of the ranges', { ...shared, storeTimeoutMs: 5000 }],
  ])('%s', async (_name, replicas) => {
    await expect(boot({ replicas })).resolves.toBeUndefined();
  });
});

describe('a token cache boots', () => {
  test.each<[string, object]>([
    ['with nothing said', {}],
    ['with all that can be said', { localMaxAgeMs: 0 }],
    ['at the other end of the ranges', { localMaxAgeMs: 60_000 }],
  ])('%s', async (_name, tokenCache) => {
    await expect(boot({ tokenCache })).resolves.toBeUndefined();
  });
});

describe('a bad option stops the boot with its name, the fault and the fix', () => {
  test.each<[string, object, string, RegExp]>([
    ['a store without keys', { store }, '`replicas.keys` is missing', /openssl rand -base64 32/],
    ['no keys', { store, keys: [] }, '`replicas.keys` is empty', /32 random bytes/],
    ['a short key', { store, keys: [key.subarray(1)] }, '`replicas.keys[0]` is not a key of 32', /openssl/],
    ['a second key that is short', { store, keys: [key, 'c2hvcnQ='] }, '`replicas.keys[1]`', /openssl/],
    ['a key in hexadecimal', { store, keys: [key.toString('hex')] }, '`replicas.keys[0]`', /openssl/],
    ['a key that is a phrase', { store, keys: ['a phrase of exactly thirty-two c'] }, '`replicas.keys[0]`', /base64/],
    [
      'a key that is nothing but zeros',
      { store, keys: [Buffer.alloc(32)] },
      '`replicas.keys[0]` is not random',
      /openssl/,
    ],
    [
      'a store that is an address',
      { ...shared, store: 'redis://localhost' },
      '`replicas.store` is not a storage adapter',
      /new KeyvRedis/,
    ],
    [
      'a store that is a Map',
      { ...shared, store: new Map() },
      '`replicas.store` is not a storage adapter',
      /new KeyvRedis/,
    ],
    [
      'a store that cannot be cleared',
      { ...shared, store: { get: lock.acquire, set: lock.acquire, delete: lock.acquire, on: lock.acquire } },
      '`replicas.store` is not a storage adapter',
      /KeyvRedis/,
    ],
    [
      'a store that is a Keyv',
      { ...shared, store: new Keyv({ store }) },
      '`replicas.store` is a Keyv',
      /its own `store`/,
    ],
    ['an empty namespace', { ...shared, namespace: '' }, '`replicas.namespace` is empty', /./],
    [
      'a lock that cannot be released',
      { ...shared, lock: { acquire: lock.acquire } },
      '`replicas.lock` has no methods',
      /ExchangeLock/,
    ],
    [
      'a time-out of nothing',
      { ...shared, storeTimeoutMs: 0 },
      '`replicas.storeTimeoutMs` is not between 10 and 5000',
      /milliseconds/,
    ],
    [
      'a time-out that is no number',
      { ...shared, storeTimeoutMs: Number.NaN },
      '`replicas.storeTimeoutMs`',
      /milliseconds/,
    ],
    [
      'a time-out without a store',
      { storeTimeoutMs: 100 },
      '`replicas.storeTimeoutMs` has no effect without `store`',
      /remove/,
    ],
    ['a namespace without a store', { namespace: 'a' }, '`replicas.namespace` has no effect without `store`', /remove/],
    ['a lock without a store', { lock }, '`replicas.lock` has no effect without `store`', /remove/],
    ['an unknown option', { ...shared, ttl: 3 }, '`replicas.ttl` is not an option', /spelling/],
  ])('%s', async (_name, replicas, fault, fix) => {
    const { message } = await bootError({ replicas });
    expect(message).toContain(fault);
    expect(message).toMatch(fix);
  });

  test.each<[string, object, string, RegExp]>([
    [
      'how many tokens are kept, which `limits` says',
      { maxEntries: 5 },
      '`tokenCache.maxEntries` is not an option',
      /./,
    ],
    [
      'a long time without asking',
      { localMaxAgeMs: 60_001 },
      '`tokenCache.localMaxAgeMs` is not between 0 and 60000',
      /milliseconds/,
    ],
    ['what is of the store', { namespace: 'a' }, '`tokenCache.namespace` is not an option', /spelling/],
  ])('%s', async (_name, tokenCache, fault, fix) => {
    const { message } = await bootError({ tokenCache });
    expect(message).toContain(fault);
    expect(message).toMatch(fix);
  });

  test('and does not tell the key', async () => {
    const phrase = 'correct horse battery staple';
    const { message } = await bootError({ replicas: { store, keys: [phrase] } });
    expect(message).not.toContain('horse');
  });
});

describe('back-channel logout', () => {
  test.each<[string, object]>([
    ['at its usual place', { logout: { backChannel: {} } }],
    ['at a place of its own', { logout: { backChannel: { path: '/oauth/back-channel_logout.v1~' } } }],
    ['under the endpoint', { logout: { backChannel: { path: '/mcp/signed-out' } } }],
    ['with the endpoint at the root', { resource: 'https://mcp.example.com', logout: { backChannel: {} } }],
  ])('boots %s', async (_name, options) => {
    await expect(boot(options)).resolves.toBeUndefined();
  });

  test.each<[string, object, string, RegExp]>([
    [
      'a path that is relative',
      { logout: { backChannel: { path: 'logout' } } },
      '`logout.backChannel.path` is not a path',
      /"\/orders\/mcp"/,
    ],
    [
      'a path that is an address',
      { logout: { backChannel: { path: 'https://a.example/logout' } } },
      '`logout.backChannel.path`',
      /mounted/,
    ],
    ['a path with a parameter', { logout: { backChannel: { path: '/:id' } } }, '`logout.backChannel.path`', /mounted/],
    ['a path with a query', { logout: { backChannel: { path: '/logout?x' } } }, '`logout.backChannel.path`', /mounted/],
    [
      'a path that leads up',
      { logout: { backChannel: { path: '/a/../mcp' } } },
      '`logout.backChannel.path`',
      /mounted/,
    ],
    [
      'a path that ends with a slash',
      { logout: { backChannel: { path: '/logout/' } } },
      '`logout.backChannel.path`',
      /mounted/,
    ],
    [
      'the path of the endpoint',
      { logout: { backChannel: { path: '/mcp' } } },
      '`logout.backChannel.path` is the path of the endpoint',
      /another/,
    ],
    [
      'the path of the endpoint in other case',
      { logout: { backChannel: { path: '/MCP' } } },
      '`logout.backChannel.path` is the path of the endpoint',
      /another/,
    ],
    [
      'a well-known path',
      { logout: { backChannel: { path: '/.well-known/oauth-protected-resource/mcp' } } },
      '`logout.backChannel.path`',
      /another/,
    ],
    [
      'a path of the pages for linking',
      { logout: { backChannel: { path: '/mcp/link/out' } } },
      '`logout.backChannel.path`',
      /another/,
    ],
    ['no client', { client: undefined, logout: { backChannel: {} } }, '`client` is missing', /`aud`/],
    [
      'nobody to sign out',
      { access: { anonymous: true }, issuers: undefined, client: undefined, logout: { backChannel: {} } },
      '`logout.backChannel` has no effect with `access.anonymous`',
      /Remove/,
    ],
    [
      'an unknown option',
      { logout: { backChannel: { uri: '/x' } } },
      '`logout.backChannel.uri` is not an option',
      /spelling/,
    ],
    ['no options', { logout: { backChannel: true } }, '`logout.backChannel`', /object/],
  ])('does not boot with %s', async (_name, options, fault, fix) => {
    const { message } = await bootError(options);
    expect(message).toContain(fault);
    expect(message).toMatch(fix);
  });
});

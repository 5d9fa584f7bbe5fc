import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import { Test } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { clientSecretBasic, McpAuthConfigurationError, McpAuthModule } from 'nestjs-mcp-auth';
import { RecordingLogger } from '../support/recording-logger.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

const good = {
  server: { name: 'orders', version: '1.0.0' },
  resource: 'https://mcp.example.com/mcp',
  issuers: [{ issuer: 'https://id.example.com' }],
  client: { id: 'mcp-orders', authentication: clientSecretBasic('secret') },
  doctor: false,
};

async function boot(options: object): Promise<void> {
  const testing = await Test.createTestingModule({
    imports: [McpAuthModule.forRoot({ ...good, ...options })],
  })
    .setLogger(new RecordingLogger())
    .compile();
  const app = testing.createNestApplication();
  await app.init();
  await app.close();
}

async function bootError(options: object): Promise<McpAuthConfigurationError> {
  try {
    await boot(options);
  } catch (error) {
    if (error instanceof McpAuthConfigurationError) return error;
    throw error;
  }
  throw new Error('It booted');
}

const store = new MemoryAdapter();
const key = randomBytes(32);
const shared = { store, encryptionKeys: [key] };
const lock = { acquire: () => Promise.resolve(true), release: () => Promise.resolve() };

describe('a token cache that boots', () => {
  test.each<[string, object]>([
    ['with nothing said', {}],
    ['in the process, smaller', { maxEntries: 1 }],
    ['with a store', shared],
    ['with a Redis, which is not asked at boot', { ...shared, store: new KeyvRedis('redis://127.0.0.1:1') }],
    ['with keys in base64', { store, encryptionKeys: [key.toString('base64'), key.toString('base64url')] }],
    ['with keys in an array of bytes', { store, encryptionKeys: [new Uint8Array(key)] }],
    ['with all that can be said', { ...shared, namespace: 'a', lock, localSeconds: 0, timeout: 10, maxEntries: 5 }],
    ['at the other end of the ranges', { ...shared, localSeconds: 60, timeout: 5000 }],
  ])('%s', async (_name, tokenCache) => {
    await expect(boot({ tokenCache })).resolves.toBeUndefined();
  });
});

describe('a bad option stops the boot with its name, the fault and the fix', () => {
  test.each<[string, object, string, RegExp]>([
    ['no room', { maxEntries: 0 }, '`tokenCache.maxEntries` has to be a positive number', /tokens/],
    ['half a token', { maxEntries: 1.5 }, '`tokenCache.maxEntries`', /./],
    ['a store without keys', { store }, '`tokenCache.encryptionKeys` is missing', /openssl rand -base64 32/],
    ['no keys', { store, encryptionKeys: [] }, '`tokenCache.encryptionKeys` is empty', /32 random bytes/],
    [
      'a short key',
      { store, encryptionKeys: [key.subarray(1)] },
      '`tokenCache.encryptionKeys[0]` is not a key of 32',
      /openssl/,
    ],
    [
      'a second key that is short',
      { store, encryptionKeys: [key, 'c2hvcnQ='] },
      '`tokenCache.encryptionKeys[1]`',
      /openssl/,
    ],
    [
      'a key in hexadecimal',
      { store, encryptionKeys: [key.toString('hex')] },
      '`tokenCache.encryptionKeys[0]`',
      /openssl/,
    ],
    [
      'a key that is a phrase',
      { store, encryptionKeys: ['a phrase of exactly thirty-two c'] },
      '`tokenCache.encryptionKeys[0]`',
      /base64/,
    ],
    [
      'a key that is nothing but zeros',
      { store, encryptionKeys: [Buffer.alloc(32)] },
      '`tokenCache.encryptionKeys[0]` is not random',
      /openssl/,
    ],
    [
      'a store that is an address',
      { ...shared, store: 'redis://localhost' },
      '`tokenCache.store` is not a storage adapter',
      /new KeyvRedis/,
    ],
    [
      'a store that is a Map',
      { ...shared, store: new Map() },
      '`tokenCache.store` is not a storage adapter',
      /new KeyvRedis/,
    ],
    [
      'a store that cannot be cleared',
      { ...shared, store: { get: lock.acquire, set: lock.acquire, delete: lock.acquire, on: lock.acquire } },
      '`tokenCache.store` is not a storage adapter',
      /KeyvRedis/,
    ],
    [
      'a store that is a Keyv',
      { ...shared, store: new Keyv({ store }) },
      '`tokenCache.store` is a Keyv',
      /its own `store`/,
    ],
    ['an empty namespace', { ...shared, namespace: '' }, '`tokenCache.namespace` is empty', /./],
    [
      'a lock that cannot be released',
      { ...shared, lock: { acquire: lock.acquire } },
      '`tokenCache.lock` has no methods',
      /ExchangeLock/,
    ],
    [
      'a long time without asking',
      { ...shared, localSeconds: 61 },
      '`tokenCache.localSeconds` is not between 0 and 60',
      /seconds/,
    ],
    [
      'a time-out of nothing',
      { ...shared, timeout: 0 },
      '`tokenCache.timeout` is not between 10 and 5000',
      /milliseconds/,
    ],
    ['a time-out that is no number', { ...shared, timeout: Number.NaN }, '`tokenCache.timeout`', /milliseconds/],
    [
      'keys without a store',
      { encryptionKeys: [key] },
      '`tokenCache.encryptionKeys` has no effect without `store`',
      /remove/,
    ],
    ['a lock without a store', { lock }, '`tokenCache.lock` has no effect without `store`', /remove/],
    ['an unknown option', { ...shared, ttl: 3 }, '`tokenCache.ttl` is not an option', /spelling/],
  ])('%s', async (_name, tokenCache, fault, fix) => {
    const { message } = await bootError({ tokenCache });
    expect(message).toContain(fault);
    expect(message).toMatch(fix);
  });

  test('and does not tell the key', async () => {
    const phrase = 'correct horse battery staple';
    const { message } = await bootError({ tokenCache: { store, encryptionKeys: [phrase] } });
    expect(message).not.toContain('horse');
  });
});

describe('back-channel logout', () => {
  test.each<[string, object]>([
    ['at its usual place', { backChannelLogout: {} }],
    ['at a place of its own', { backChannelLogout: { path: '/oauth/back-channel_logout.v1~' } }],
    ['under the endpoint', { backChannelLogout: { path: '/mcp/signed-out' } }],
    ['with the endpoint at the root', { resource: 'https://mcp.example.com', backChannelLogout: {} }],
  ])('boots %s', async (_name, options) => {
    await expect(boot(options)).resolves.toBeUndefined();
  });

  test.each<[string, object, string, RegExp]>([
    [
      'a path that is relative',
      { backChannelLogout: { path: 'logout' } },
      '`backChannelLogout.path` is not a path',
      /"\/oauth/,
    ],
    [
      'a path that is an address',
      { backChannelLogout: { path: 'https://a.example/logout' } },
      '`backChannelLogout.path`',
      /mounted/,
    ],
    ['a path with a parameter', { backChannelLogout: { path: '/:id' } }, '`backChannelLogout.path`', /mounted/],
    ['a path with a query', { backChannelLogout: { path: '/logout?x' } }, '`backChannelLogout.path`', /mounted/],
    ['a path that leads up', { backChannelLogout: { path: '/a/../mcp' } }, '`backChannelLogout.path`', /mounted/],
    [
      'a path that ends with a slash',
      { backChannelLogout: { path: '/logout/' } },
      '`backChannelLogout.path`',
      /mounted/,
    ],
    [
      'the path of the endpoint',
      { backChannelLogout: { path: '/mcp' } },
      '`backChannelLogout.path` is the path of the endpoint',
      /another/,
    ],
    [
      'the path of the endpoint in other case',
      { backChannelLogout: { path: '/MCP' } },
      '`backChannelLogout.path` is the path of the endpoint',
      /another/,
    ],
    [
      'a well-known path',
      { backChannelLogout: { path: '/.well-known/oauth-protected-resource/mcp' } },
      '`backChannelLogout.path`',
      /another/,
    ],
    [
      'a path of the pages for linking',
      { backChannelLogout: { path: '/mcp/link/out' } },
      '`backChannelLogout.path`',
      /another/,
    ],
    ['no client', { client: undefined, backChannelLogout: {} }, '`client` is missing', /`aud`/],
    [
      'nobody to sign out',
      { anonymous: true, issuers: undefined, client: undefined, backChannelLogout: {} },
      '`backChannelLogout` has no effect beside `anonymous`',
      /Remove/,
    ],
    ['an unknown option', { backChannelLogout: { uri: '/x' } }, '`backChannelLogout.uri` is not an option', /spelling/],
    ['no options', { backChannelLogout: true }, '`backChannelLogout`', /object/],
  ])('does not boot with %s', async (_name, options, fault, fix) => {
    const { message } = await bootError(options);
    expect(message).toContain(fault);
    expect(message).toMatch(fix);
  });
});

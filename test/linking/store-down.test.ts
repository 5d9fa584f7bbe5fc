import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Telemetry } from '../observability/telemetry.js';
import { aheadBy } from '../support/clocks.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { Browser } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

describe.each(['express', 'fastify'] as const)('while the store of accounts cannot be read, on %s', (platform) => {
  let parties: Parties;
  let store: MemoryAdapter;
  let server: LinkedServer;
  let telemetry: Telemetry;

  beforeEach(async () => {
    telemetry = new Telemetry();
    telemetry.register();
    store = new MemoryAdapter();
    parties = await Parties.start();
    parties.partner.accessTokenLifetime = 60;
    server = await parties.serve({ platform, options: { replicas: { store, keys: [randomBytes(32)] } } });
    await new Browser('alice').visit(await server.pageFor('alice'));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await parties.close();
    await telemetry.unregister();
  });

  const goDown = () => {
    store.fault = () => Promise.reject(new Error('down'));
  };
  const subjectOf = async () => (await server.call('alice')).result?.structuredContent?.of;

  test('an account that the process has used serves on, and a metric says so', async () => {
    expect(await subjectOf()).toBe('alice');
    goDown();
    expect(await subjectOf()).toBe('alice');
    // Before the call, and with its request.
    expect(await telemetry.counted('nestjs_mcp_auth.old_tokens.uses')).toEqual([[{ downstream: 'crm' }, 2]]);
    expect(server.log.text).not.toContain('No new tokens');
  });

  test('a token that the API refuses is not used, and nobody is asked to link again', async () => {
    expect(await subjectOf()).toBe('alice');
    goDown();
    parties.refuseSeen();
    const { result } = await server.call('alice');
    expect(result).toMatchObject({ isError: true, _meta: { 'nestjs-mcp-auth/retry': { retryable: true } } });
    expect(result?.inputRequests).toBeUndefined();
    expect(parties.partner.grants).not.toContain('refresh_token');
  });

  test('a token is used to its last safe second, and no longer', async () => {
    expect(await subjectOf()).toBe('alice');
    goDown();
    const clocks = aheadBy(55_000);
    expect(await subjectOf()).toBe('alice');
    clocks.pass(4_000);
    const { result } = await server.call('alice');
    expect(result).toMatchObject({ isError: true, _meta: { 'nestjs-mcp-auth/retry': { retryable: true } } });
    expect(parties.partner.grants).not.toContain('refresh_token');
  });

  test('an account that was unlinked before is not used, nor one that nobody has used here', async () => {
    goDown();
    expect(await subjectOf()).toBeUndefined();
    store.fault = undefined;
    expect(await subjectOf()).toBe('alice');
    await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm');
    goDown();
    expect(await subjectOf()).toBeUndefined();
  });
});

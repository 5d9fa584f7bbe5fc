import crypto, { createHash, hash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AccessToken, type Caller } from '../../lib/resource-server/access/caller.js';
import { hashToken } from '../../lib/resource-server/authentication/token-hash.js';
import { VerifiedTokens } from '../../lib/resource-server/authentication/verified-tokens.js';
import { Telemetry } from '../observability/telemetry.js';
import { callerLimits } from '../support/caller-limits.js';

let telemetry: Telemetry;
beforeEach(() => {
  telemetry = new Telemetry();
  telemetry.register();
});
afterEach(() => telemetry.unregister());

const createCaller = (name: string): Caller =>
  Object.freeze({
    issuer: 'https://id.test',
    subject: name,
    clientId: 'agent',
    appOnly: false,
    scopes: [],
    claims: { sub: name },
    expiresAtMs: Date.now() + 3_600_000,
    acceptedUntilMs: Date.now() + 3_600_000,
    token: new AccessToken(`token of ${name}`),
  });

describe('tokens that are verified', () => {
  test('are bounded, however many come', () => {
    const limits = callerLimits({ inAll: { cachedCallers: 1_000 } });
    const verified = new VerifiedTokens(limits);
    const held = limits.of('cachedCallers');
    let most = 0;
    for (let index = 0; index < 100_000; index += 1) {
      verified.remember(createCaller(`user-${index}`), 60_000);
      most = Math.max(most, held.count);
    }
    expect(most).toBe(1_000);
    expect(held.count).toBe(1_000);
    expect(verified.find(hashToken('token of user-99999'))?.subject).toBe('user-99999');
    expect(verified.find(hashToken('token of user-0'))).toBeUndefined();
  });

  test('are counted when they are looked for: hits and misses', async () => {
    const verified = new VerifiedTokens(callerLimits());
    verified.remember(createCaller('alice'), 60_000);
    for (const name of ['alice', 'alice', 'bob']) verified.find(hashToken(`token of ${name}`));
    expect(await telemetry.counted('nestjs_mcp_auth.verified_tokens.lookups')).toEqual([
      [{ result: 'hit' }, 2],
      [{ result: 'miss' }, 1],
    ]);
  });
});

describe('hashes', () => {
  let made = 0;
  beforeEach(() => {
    made = 0;
    crypto.createHash = (...args: Parameters<typeof createHash>) => {
      made += 1;
      return original.createHash(...args);
    };
    crypto.hash = ((...args: Parameters<typeof hash>) => {
      made += 1;
      return original.hash(...args);
    }) as typeof hash;
    syncBuiltinESMExports();
  });
  afterEach(() => {
    Object.assign(crypto, original);
    syncBuiltinESMExports();
  });
  const original = { createHash, hash };

  test('of a token are made once', () => {
    const token = new AccessToken('secret');
    expect(hashToken(token)).toBe('K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols');
    expect(hashToken(token)).toBe(hashToken('secret'));
    expect(made).toBe(2);
  });

  test('of a caller are made once, for whatever is held for it', () => {
    const limits = callerLimits();
    const alice = createCaller('alice');
    for (const quantity of ['callsInFlight', 'streams', 'callsInFlight'] as const) limits.of(quantity).take(alice);
    expect(made).toBe(2);
  });

  test('of a caller that may change are made anew', () => {
    const limits = callerLimits({ perCaller: { streams: 1 } });
    const holder = { issuer: 'https://id.test', subject: 'alice' };
    limits.of('streams').take(holder);
    holder.subject = 'bob';
    expect(() => limits.of('streams').take(holder)).not.toThrow();
  });
});

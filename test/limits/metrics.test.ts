import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Telemetry } from '../observability/telemetry.js';
import { callerLimits } from '../support/caller-limits.js';

let telemetry: Telemetry;
beforeEach(() => {
  telemetry = new Telemetry();
  telemetry.register();
});
afterEach(() => telemetry.unregister());

const caller = { issuer: 'https://id.test', subject: 'a' };

test('tell what is held now, and which limits are met, without a word on whose', async () => {
  const limits = callerLimits({ perCaller: { streams: 1, cachedTokens: 1 } });
  const lease = limits.of('streams').take(caller, { bytes: 100 });
  expect(() => limits.of('streams').take(caller)).toThrow();
  for (let index = 0; index < 3; index += 1) limits.of('cachedTokens').take(caller, { onDisplaced: () => undefined });
  expect(await telemetry.counted('nestjs_mcp_auth.held')).toEqual([
    [{ quantity: 'streams' }, 1],
    [{ quantity: 'cachedTokens' }, 1],
  ]);
  const [[, bytes] = [{}, 0]] = await telemetry.counted('nestjs_mcp_auth.held.bytes');
  expect(bytes).toBe(limits.of('streams').bytes);
  expect(await telemetry.counted('nestjs_mcp_auth.limits.reached')).toEqual([
    [{ quantity: 'streams', limit: 'caller', effect: 'refused' }, 1],
    [{ quantity: 'cachedTokens', limit: 'caller', effect: 'displaced' }, 2],
  ]);
  lease.release();
  expect((await telemetry.counted('nestjs_mcp_auth.held'))[0]).toEqual([{ quantity: 'streams' }, 0]);
});

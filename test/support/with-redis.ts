import { describe } from '@jest/globals';
import { RedisProcess } from './redis-process.js';

/** Tests that need a Redis: not run on a machine that has none, unless it has to have one. */
export function describeWithRedis(name: string, tests: () => void): void {
  if (RedisProcess.isInstalled || process.env.REQUIRE_REDIS !== undefined) describe(name, tests);
  else describe.skip(`${name} (not run: there is no redis-server on PATH)`, tests);
}

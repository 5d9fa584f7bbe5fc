import type { ThrottlerStorage } from '@nestjs/throttler';
import type { RedisClientType } from 'redis';

const COUNT = `
local hits = redis.call('INCR', KEYS[1])
local expires = redis.call('PTTL', KEYS[1])
if expires <= 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  expires = tonumber(ARGV[1])
end
local blocked = redis.call('PTTL', KEYS[2])
if blocked <= 0 and hits > tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], 1, 'PX', ARGV[3])
  blocked = tonumber(ARGV[3])
end
return { hits, expires, blocked }`;

/** Counts in Redis, as storages of `@nestjs/throttler` do that replicas share. */
export class RedisThrottlerStorage implements ThrottlerStorage {
  constructor(private readonly redis: RedisClientType) {}

  async increment(key: string, ttl: number, limit: number, blockDuration: number, throttlerName: string) {
    const answer = await this.redis.eval(COUNT, {
      keys: [`{${key}:${throttlerName}}:hits`, `{${key}:${throttlerName}}:blocked`],
      arguments: [ttl, limit, blockDuration].map(String),
    });
    const [totalHits = 0, timeToExpire = 0, blocked = 0] = answer as number[];
    return {
      totalHits,
      timeToExpire: Math.ceil(timeToExpire / 1000),
      isBlocked: blocked > 0,
      timeToBlockExpire: Math.ceil(Math.max(0, blocked) / 1000),
    };
  }
}

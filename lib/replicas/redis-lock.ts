import type { ExchangeLock } from './replica-options.js';

/** The methods of the client of `@keyv/redis` that are used, for one server, a cluster or sentinels. */
interface RedisClient {
  set(
    key: string,
    value: string,
    options: { condition: 'NX'; expiration: { type: 'PX'; value: number } },
  ): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** The part of the adapter `@keyv/redis` that is used. */
export interface RedisAdapter {
  readonly opts: { readonly dialect?: unknown };
  readonly namespace?: string;
  getClient(): Promise<RedisClient>;
  createKeyPrefix(key: string, namespace?: string): string;
}

/** Releases a lock only for its owner. After it expired, another replica may hold it. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/** A lock through the connection of `@keyv/redis` (`SET … NX PX`); `undefined` for other adapters. */
export function createRedisLock(adapter: object): ExchangeLock | undefined {
  if (!isRedis(adapter)) return undefined;
  const prefixKey = (key: string) => adapter.createKeyPrefix(key, adapter.namespace);
  return {
    acquire: async (key, owner, lifetime) => {
      const client = await adapter.getClient();
      const expiration = { type: 'PX', value: lifetime } as const;
      return (await client.set(prefixKey(key), owner, { condition: 'NX', expiration })) === 'OK';
    },
    release: async (key, owner) => {
      const client = await adapter.getClient();
      return await client.eval(RELEASE, { keys: [prefixKey(key)], arguments: [owner] });
    },
  };
}

/** Whether an adapter of Keyv is that of Redis. */
export function isRedis(adapter: object): adapter is RedisAdapter {
  const { opts, getClient, createKeyPrefix } = adapter as Partial<RedisAdapter>;
  return opts?.dialect === 'redis' && typeof getClient === 'function' && typeof createKeyPrefix === 'function';
}

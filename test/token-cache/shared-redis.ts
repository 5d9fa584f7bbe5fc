import { expect } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import type { KeyvRedisOptions } from '@keyv/redis';
import { createClient, type RedisClientType } from 'redis';
import { RedisProcess } from '../support/redis-process.js';

/** The clock that Redis goes by, whatever those of a test show. */
const monotonic = performance.now.bind(performance);

/** A Redis, who uses it, and a look at all that is in it. */
export class SharedRedis {
  readonly #stores: KeyvRedis<string>[] = [];
  #isOver = false;

  private constructor(
    readonly process: RedisProcess,
    readonly client: RedisClientType,
  ) {}

  static async start(): Promise<SharedRedis> {
    const process = await RedisProcess.start();
    const client: RedisClientType = createClient({
      socket: { path: process.socket, tls: false, reconnectStrategy: 20 },
    });
    client.on('error', () => undefined);
    await client.connect();
    return new SharedRedis(process, client);
  }

  /**
   * A store as an application makes it, with a connection of its own.
   *
   * @param user - who connects
   */
  store(
    options: KeyvRedisOptions = {},
    user?: { readonly username: string; readonly password: string },
  ): KeyvRedis<string> {
    const reconnectStrategy = () => (this.#isOver ? false : 20);
    const socket = { path: this.process.socket, tls: false, reconnectStrategy } as const;
    const store = new KeyvRedis<string>({ socket, ...user }, options);
    this.#stores.push(store);
    return store;
  }

  async keys(pattern = '*'): Promise<string[]> {
    return (await this.client.keys(pattern)).sort();
  }

  /**
   * Expects that keys are there for so long after they were written, less what has passed since.
   *
   * @param pattern - of the keys
   * @param milliseconds - what they were given
   * @param write - what writes them
   */
  async expectLifetime(pattern: string, milliseconds: number, write: () => Promise<unknown>): Promise<void> {
    const from = monotonic();
    await write();
    const keys = await this.keys(pattern);
    expect(keys).not.toEqual([]);
    for (const key of keys) {
      const left = await this.client.pTTL(key);
      expect(left).toBeLessThanOrEqual(milliseconds);
      expect(left).toBeGreaterThanOrEqual(Math.floor(milliseconds - (monotonic() - from)));
    }
  }

  /** Every key and every value. */
  async everything(): Promise<string> {
    const keys = await this.keys();
    const values = await Promise.all(keys.map((key) => this.client.get(key)));
    return [...keys, ...values].join('\n');
  }

  /** Until each store answers by the connection that it has. */
  async untilStoresAreBack(): Promise<void> {
    // Commands wait for the connection.
    await Promise.all(this.#stores.map((store) => store.has('nothing')));
  }

  /** Stops those connections that stores have made, as a process does that ends. */
  async disconnectStores(): Promise<void> {
    for (const store of this.#stores.splice(0)) await store.disconnect(true);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.disconnectStores();
    this.client.destroy();
    await this.process.close();
  }
}

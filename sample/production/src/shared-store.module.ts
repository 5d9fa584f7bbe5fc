import KeyvRedis from '@keyv/redis';
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { redisBus, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { createClient } from 'redis';
import { replicaKeys, settings } from './settings.js';

/** What the replicas share: a Valkey or a Redis. */
@Injectable()
export class SharedStore implements OnApplicationShutdown {
  readonly #store = new KeyvRedis(settings.VALKEY_URL);
  readonly #client = createClient({ url: settings.VALKEY_URL });

  constructor() {
    // McpAuthModule tells when the store is away, and when it is back. Both clients connect again by themselves.
    this.#client.on('error', () => undefined);
    void this.#client.connect().catch(() => undefined);
    // Now, so that no call waits for a connection: a replica whose store does not answer in time exchanges for itself.
    void this.#store.getClient().catch(() => undefined);
  }

  get replicas(): NonNullable<McpAuthModuleOptions['replicas']> {
    return {
      store: this.#store,
      keys: replicaKeys,
      bus: redisBus(this.#client),
      storeTimeoutMs: settings.STORE_TIMEOUT_MS,
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.#client.destroy();
    await this.#store.disconnect();
  }
}

@Module({ providers: [SharedStore], exports: [SharedStore] })
export class SharedStoreModule {}

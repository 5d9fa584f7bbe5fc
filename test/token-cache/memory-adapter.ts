import { EventEmitter } from 'node:events';
import type { KeyvStoreAdapter } from 'keyv';

/** A store of Keyv that knows nothing of locks, and that can be made to fail. */
export class MemoryAdapter extends EventEmitter implements KeyvStoreAdapter {
  opts = {};
  namespace?: string | undefined;
  readonly entries = new Map<string, unknown>();
  /** Requests so far. */
  asked = 0;
  /** What a test wants to happen in place of an answer. */
  fault: ((key: string) => unknown) | undefined;

  async get<Value>(key: string): Promise<Value> {
    return (await this.#answer(key, () => this.entries.get(key))) as Value;
  }

  async set(key: string, value: unknown): Promise<boolean> {
    return (await this.#answer(key, () => this.entries.set(key, value).has(key))) as boolean;
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#answer(key, () => this.entries.delete(key))) as boolean;
  }

  clear(): Promise<void> {
    this.entries.clear();
    return Promise.resolve();
  }

  async #answer(key: string, usual: () => unknown): Promise<unknown> {
    this.asked += 1;
    return await (this.fault ? this.fault(key) : usual());
  }
}

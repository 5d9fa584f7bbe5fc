import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { readMessage, toReadable } from '../errors/reason.js';
import { SharedStoreError } from '../errors/shared-store-error.js';
import { isJsonObject } from '../json/json-object.js';
import { BORNE_SKEW } from './borne-skew.js';
import { isRedis } from './redis-lock.js';

/** A value as it is stored, and when it is over by the clock of whoever wrote it. */
class Stored {
  constructor(
    readonly value: unknown,
    readonly expires?: unknown,
  ) {}
}

/** A Keyv over an adapter, and the errors that the adapter has emitted. */
interface Connection {
  readonly keyv: Keyv<string>;
  failures: number;
  lastFailure: string;
}

/** One for each adapter. Each Keyv adds a listener to its adapter, and Node warns of more than ten. */
const connections = new WeakMap<KeyvStoreAdapter, Connection>();

/** A storage adapter of Keyv whose failures become errors, whether it throws or only emits them. */
export class SharedStore {
  readonly #connection: Connection;
  readonly #keyv: Keyv<string>;
  readonly #readsTogether: boolean;
  /** Whether the store drops values in time by a clock of its own. */
  readonly expiresByItself: boolean;

  constructor(adapter: KeyvStoreAdapter) {
    this.expiresByItself = isRedis(adapter);
    this.#readsTogether = typeof adapter.getMany === 'function';
    this.#connection = connections.get(adapter) ?? connect(adapter);
    this.#keyv = this.#connection.keyv;
  }

  /**
   * In a store that has no clock, a value is there until it is over by the clock of each replica.
   *
   * @throws if any of the keys could not be read
   */
  async read(keys: string[]): Promise<readonly unknown[]> {
    const oldest = Date.now() - BORNE_SKEW;
    return (await this.#readStored(keys)).map((one) => {
      if (!(one instanceof Stored)) return one;
      const { value, expires } = one;
      return !this.expiresByItself && typeof expires === 'number' && expires < oldest ? undefined : value;
    });
  }

  /**
   * Also reads values that are over by the clock of this process, as long as the store has them. The clock of whoever
   * wrote them may be another one.
   *
   * @throws if any of the keys could not be read
   */
  async readWhateverTheClock(keys: string[]): Promise<readonly unknown[]> {
    return (await this.#readStored(keys)).map((one) => (one instanceof Stored ? one.value : one));
  }

  /** Garbage is passed on as it is. */
  async #readStored(keys: string[]): Promise<readonly unknown[]> {
    return await this.#ask(async () => {
      const values: unknown = this.#readsTogether
        ? await this.#keyv.getMany(keys)
        : await Promise.all(keys.map((key) => this.#keyv.get(key)));
      if (Array.isArray(values) && values.length === keys.length) return values as unknown[];
      throw new SharedStoreError('shared_store_failed', 'its answer does not fit the question');
    });
  }

  /** @param lifetime - milliseconds */
  async write(key: string, value: string, lifetime: number): Promise<void> {
    const isKept = await this.#ask(() => this.#keyv.set(key, value, Math.ceil(lifetime)));
    if (!isKept) throw new SharedStoreError('shared_store_failed', 'it did not store the value');
  }

  async delete(key: string): Promise<boolean> {
    return await this.#ask(() => this.#keyv.delete(key));
  }

  /** Throws if the adapter emitted an error. Such adapters answer as if the key did not exist. */
  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const { failures } = this.#connection;
    const answer = await askReadably(ask);
    if (this.#connection.failures === failures) return answer;
    throw new SharedStoreError('shared_store_failed', this.#connection.lastFailure);
  }
}

/** Adapters reject with anything. */
async function askReadably<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw toReadable(error);
  }
}

function connect(adapter: KeyvStoreAdapter): Connection {
  const keyv = new Keyv<string>({
    store: adapter,
    // Keys have their own prefix. Keyv would change that of the adapter, which others may use too.
    namespace: adapter.namespace ?? '',
    useKeyPrefix: false,
    throwOnErrors: true,
    deserialize: unwrap,
  });
  const connection: Connection = { keyv, failures: 0, lastFailure: '' };
  keyv.on('error', (thrown: unknown) => {
    const error = toReadable(thrown);
    connection.failures += 1;
    connection.lastFailure = error instanceof Error ? readMessage(error) : 'unknown';
  });
  connections.set(adapter, connection);
  return connection;
}

/** Returns garbage as a value: no key decrypts it. Hides `expires` from Keyv, which goes by the clock of this process. */
function unwrap(data: string): { readonly value: never } {
  try {
    const parsed: unknown = JSON.parse(data);
    if (isJsonObject(parsed)) return { value: new Stored(parsed.value, parsed.expires) as never };
  } catch {
    // Not JSON.
  }
  return { value: data as never };
}

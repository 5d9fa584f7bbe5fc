import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { z } from 'zod';
import { text } from '../options/text-schema.js';
import { BORNE_SKEW } from './borne-skew.js';
import type { MessageBus } from './message-bus.js';
import { isJsonObject } from '../json/json-object.js';

/** Lets one replica at a time exchange a token. `@keyv/redis` needs no lock: its own connection is used. */
export interface ExchangeLock {
  /**
   * Acquires a key atomically, until it is released or expires.
   *
   * @param key - what is locked
   * @param owner - an unguessable value; `release` gets the same one
   * @param lifetimeMs - milliseconds after which it is free again
   * @returns whether it was free
   */
  acquire(key: string, owner: string, lifetimeMs: number): Promise<boolean>;
  /**
   * Releases a key, if this owner still holds it.
   *
   * @param key - as in `acquire`
   * @param owner - as in `acquire`
   */
  release(key: string, owner: string): Promise<unknown>;
}

/** What the processes of one server share. Without it there is one process, and its state is lost when it ends. */
export interface ReplicaOptions {
  /**
   * A storage adapter of Keyv, such as `new KeyvRedis(url)`, for exchanged tokens, linked accounts and tasks. The
   * application that creates it also disconnects it. Defaults to none: each process keeps its own.
   */
  store?: KeyvStoreAdapter;
  /**
   * Keys of 32 random bytes, as bytes or in base64. They encrypt (AES-256-GCM) the values in `store`, the messages on
   * `bus`, the `requestState` that clients carry between two rounds of a call, and the session ids of servers behind
   * `@ProtectedMcp`. The first key encrypts, all keys decrypt. What is encrypted for one purpose, or of one server, has
   * a key of its own, derived from these (HKDF, RFC 5869). Required with `store`. Defaults to a random key of this
   * process.
   */
  keys?: readonly (string | Uint8Array)[];
  /** Prefix of each key in `store`, for servers that share a store but not its tokens. Defaults to `mcp-auth`. */
  namespace?: string;
  /** How replicas take turns in a `store` other than Redis. Without it each replica exchanges for itself. */
  lock?: ExchangeLock;
  /** Milliseconds, 10 to 5000, that `store` may take for one answer. Defaults to 250. */
  storeTimeoutMs?: number;
  /**
   * Carries notifications, and messages of clients to another replica, between the replicas: {@link redisBus}. Defaults
   * to none.
   */
  bus?: MessageBus;
}

/** A store outside this process, with the defaults filled in. */
export interface ResolvedStore {
  readonly store: KeyvStoreAdapter;
  /** The first encrypts, all decrypt. */
  readonly keys: readonly KeyObject[];
  readonly namespace: string;
  readonly lock: ExchangeLock | undefined;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/** Replica options, with the defaults filled in. */
export interface ResolvedReplicas {
  /** The shared store. Without it everything stays in this process. */
  readonly shared: ResolvedStore | undefined;
  /** The first encrypts, all decrypt. Defaults to a random key of this process. */
  readonly keys: readonly KeyObject[];
  /** Milliseconds by which the clocks of those who share the keys may differ. None, if there is one process. */
  readonly borneSkewMs: number;
  readonly bus: MessageBus | undefined;
}

const KEY_BYTES = 32;

/** Options that have an effect only with `store`. */
const ABOUT_STORE = ['namespace', 'lock', 'storeTimeoutMs'] as const;

const hasMethods = (value: unknown, methods: readonly string[]) =>
  isJsonObject(value) && methods.every((method) => typeof Reflect.get(value, method) === 'function');

const encryptionKey = z
  .custom<string | Uint8Array>(
    (value) => toBytes(value)?.length === KEY_BYTES,
    'is not a key of 32 bytes. Give a Buffer, or base64, of 32 random bytes: `openssl rand -base64 32`',
  )
  .refine(
    (value) => new Set(toBytes(value)).size > KEY_BYTES / 4,
    'is not random. Make it with `openssl rand -base64 32`',
  );

/** Schema of {@link ReplicaOptions}. */
export const replicasSchema = z
  .strictObject({
    store: z
      .custom<KeyvStoreAdapter>(
        (value) => hasMethods(value, ['get', 'set', 'delete', 'clear', 'on']),
        'is not a storage adapter of Keyv. Give one, such as `new KeyvRedis(url)`',
      )
      // A Keyv reports failures as missing values, and hides the lock of its adapter.
      .refine((value) => !(value instanceof Keyv), 'is a Keyv, not a storage adapter. Give its own `store`')
      .optional(),
    keys: z.array(encryptionKey).min(1, 'is empty. Give a key of 32 random bytes').optional(),
    namespace: text.optional(),
    lock: z
      .custom<ExchangeLock>(
        (value) => hasMethods(value, ['acquire', 'release']),
        'has no methods `acquire` and `release`. Give an object that implements ExchangeLock',
      )
      .optional(),
    storeTimeoutMs: z
      .custom<number>(
        (value) => typeof value === 'number' && value >= 10 && value <= 5000,
        'is not between 10 and 5000 milliseconds. Choose a value in between',
      )
      .optional(),
    bus: z
      .custom<MessageBus>(
        (value) => hasMethods(value, ['publish', 'subscribe']),
        'has no methods `publish` and `subscribe`. Give `redisBus(client)`, or an object that implements MessageBus',
      )
      .optional(),
  })
  .superRefine((options, context) => {
    const addFault = (option: keyof ReplicaOptions, message: string) => {
      context.addIssue({ code: 'custom', path: [option], message });
    };
    if (options.store) {
      if (options.keys) return;
      addFault(
        'keys',
        'is missing, but there is a `store`. Nobody must be able to read tokens there. Give a key of 32 random bytes: `openssl rand -base64 32`',
      );
      return;
    }
    for (const option of ABOUT_STORE) {
      if (options[option] !== undefined)
        addFault(option, 'has no effect without `store`. Give the store, or remove it');
    }
  });

/** Fills in the defaults. */
export function resolveReplicas(options: ReplicaOptions = {}): ResolvedReplicas {
  const { store, lock, bus, namespace = 'mcp-auth', storeTimeoutMs = 250 } = options;
  const bytes = options.keys?.flatMap((key) => toBytes(key) ?? []) ?? [randomBytes(KEY_BYTES)];
  const keys = bytes.map((one) => createSecretKey(one));
  const shared = store && { store, keys, namespace, lock, timeoutMs: storeTimeoutMs };
  return { shared, keys, borneSkewMs: options.keys ? BORNE_SKEW : 0, bus };
}

/** The bytes of a key that is given as bytes or in base64. */
function toBytes(key: unknown): Buffer | undefined {
  if (key instanceof Uint8Array) return Buffer.from(key);
  // Node skips characters that are not base64. The key would then be shorter than it looks.
  return typeof key === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(key) ? Buffer.from(key, 'base64') : undefined;
}

declare module '../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly replicas: ResolvedReplicas;
  }
}

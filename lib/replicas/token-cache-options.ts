import { createSecretKey, type KeyObject } from 'node:crypto';
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { z } from 'zod';
import { text } from '../options/text-schema.js';

/** Lets one replica at a time exchange a token. `@keyv/redis` needs none of these: its own connection is used. */
export interface ExchangeLock {
  /**
   * Takes a key, at once for all who ask, until it is released or its time is over.
   *
   * @param owner - unguessable; who gives the same to `release`
   * @param lifetime - milliseconds
   * @returns whether it was free
   */
  acquire(key: string, owner: string, lifetime: number): Promise<boolean>;
  /** Gives a key back, if it is still this owner's. */
  release(key: string, owner: string): Promise<unknown>;
}

/** Where exchanged tokens are kept, and for how long. */
export interface TokenCacheOptions {
  /** Tokens kept in the memory of this process; the least recently used go first. Defaults to 10 000. */
  maxEntries?: number;
  /**
   * A storage adapter of Keyv that replicas share, such as `new KeyvRedis(url)`. Whoever makes it also disconnects it.
   * Defaults to none: each process keeps its own tokens.
   */
  store?: KeyvStoreAdapter;
  /**
   * Keys of 32 random bytes, as they are or in base64, that tokens in `store` are encrypted with (AES-256-GCM). The
   * first encrypts, all decrypt. Required with `store`.
   */
  encryptionKeys?: readonly (string | Uint8Array)[];
  /** Start of each key in `store`, for servers that share one but not its tokens. Defaults to `mcp-auth`. */
  namespace?: string;
  /** How replicas take turns in a `store` other than Redis. Without it each replica exchanges for itself. */
  lock?: ExchangeLock;
  /**
   * Seconds, 0 to 60, for which a token is used without asking `store` again, so that a revocation elsewhere counts
   * after that. Defaults to 5.
   */
  localSeconds?: number;
  /** Milliseconds, 10 to 5000, that `store` may take for one answer. Defaults to 250. */
  timeout?: number;
}

/** A store outside this process, with the defaults filled in. */
export interface ResolvedSharedCache {
  readonly store: KeyvStoreAdapter;
  /** The first encrypts, all decrypt. */
  readonly keys: readonly KeyObject[];
  readonly namespace: string;
  readonly lock: ExchangeLock | undefined;
  /** Milliseconds for which a copy is used without asking the store. */
  readonly localMaxAge: number;
  /** Milliseconds. */
  readonly timeout: number;
}

/** The token cache as the package uses it. */
export interface ResolvedTokenCache {
  readonly maxEntries: number;
  /** Where there is none, tokens stay in this process. */
  readonly shared: ResolvedSharedCache | undefined;
}

const KEY_BYTES = 32;

/** Options that say something of `store`. */
const ABOUT_STORE = ['encryptionKeys', 'namespace', 'lock', 'localSeconds', 'timeout'] as const;

const between = (from: number, to: number, unit: string) =>
  z.custom<number>(
    (value) => typeof value === 'number' && value >= from && value <= to,
    `is not between ${from} and ${to} ${unit}. Choose a value in between`,
  );

const hasMethods = (value: unknown, methods: readonly string[]) =>
  typeof value === 'object' &&
  value !== null &&
  methods.every((method) => typeof Reflect.get(value, method) === 'function');

export const encryptionKey = z
  .custom<string | Uint8Array>(
    (value) => bytesOf(value)?.length === KEY_BYTES,
    'is not a key of 32 bytes. Give a Buffer, or base64, of 32 random bytes: `openssl rand -base64 32`',
  )
  .refine(
    (value) => new Set(bytesOf(value)).size > KEY_BYTES / 4,
    'is not random. Make it with `openssl rand -base64 32`',
  );

/** The form of {@link TokenCacheOptions}. */
export const tokenCacheSchema = z
  .strictObject({
    maxEntries: z.int().positive('has to be a positive number of tokens').optional(),
    store: z
      .custom<KeyvStoreAdapter>(
        (value) => hasMethods(value, ['get', 'set', 'delete', 'clear', 'on']),
        'is not a storage adapter of Keyv. Give one, such as `new KeyvRedis(url)`',
      )
      // Its failures would be heard as if nothing were there, and its adapter's lock would not be found.
      .refine((value) => !(value instanceof Keyv), 'is a Keyv, not a storage adapter. Give its own `store`')
      .optional(),
    encryptionKeys: z.array(encryptionKey).min(1, 'is empty. Give a key of 32 random bytes').optional(),
    namespace: text.optional(),
    lock: z
      .custom<ExchangeLock>(
        (value) => hasMethods(value, ['acquire', 'release']),
        'has no methods `acquire` and `release`. Give an object that implements ExchangeLock',
      )
      .optional(),
    localSeconds: between(0, 60, 'seconds').optional(),
    timeout: between(10, 5000, 'milliseconds').optional(),
  })
  .superRefine((options, context) => {
    if (options.store) {
      if (options.encryptionKeys) return;
      const message =
        'is missing, but there is a `store`, where nobody must be able to read tokens. Give a key of 32 random bytes: `openssl rand -base64 32`';
      context.addIssue({ code: 'custom', path: ['encryptionKeys'], message });
      return;
    }
    for (const option of ABOUT_STORE) {
      if (options[option] === undefined) continue;
      const message = 'has no effect without `store`. Give the store, or remove it';
      context.addIssue({ code: 'custom', path: [option], message });
    }
  });

/** Fills in the defaults. */
export function resolveTokenCache(options: TokenCacheOptions = {}): ResolvedTokenCache {
  const { maxEntries = 10_000, store, encryptionKeys = [], lock } = options;
  const { namespace = 'mcp-auth', localSeconds = 5, timeout = 250 } = options;
  const keys = encryptionKeys.flatMap((key) => bytesOf(key) ?? []).map((bytes) => createSecretKey(bytes));
  const shared = store && { store, keys, namespace, lock, localMaxAge: localSeconds * 1000, timeout };
  return { maxEntries, shared };
}

/** The bytes of a key that is given as they are, or in base64. */
export function bytesOf(key: unknown): Buffer | undefined {
  if (key instanceof Uint8Array) return Buffer.from(key);
  // Node skips what is no base64; a key must not be shorter than it looks.
  return typeof key === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(key) ? Buffer.from(key, 'base64') : undefined;
}

import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { bytesOf, encryptionKey, type ResolvedTokenCache } from '../../replicas/token-cache-options.js';

/** How calls that ask the client remember what was said before (MCP specification 2026-07-28, `requestState`). */
export interface RequestStateOptions {
  /**
   * Keys of 32 random bytes, as they are or in base64, that the state is encrypted with (AES-256-GCM). The first encrypts,
   * all decrypt. All replicas need the same. Defaults to `tokenCache.encryptionKeys`, else to a key of this process alone.
   */
  encryptionKeys?: readonly (string | Uint8Array)[];
  /** Seconds that the user has for an answer. Defaults to 600. */
  lifetime?: number;
}

/** The same, with the defaults filled in. */
export interface ResolvedRequestState {
  readonly keys: readonly KeyObject[];
  /** Milliseconds. */
  readonly lifetime: number;
}

/** The form of {@link RequestStateOptions}. */
export const requestStateSchema = z.strictObject({
  encryptionKeys: z.array(encryptionKey).min(1, 'is empty. Give a key, or remove it').optional(),
  lifetime: z.int().positive('has to be a positive number of seconds').optional(),
});

export function resolveRequestState(
  { encryptionKeys, lifetime = 600 }: RequestStateOptions = {},
  { shared }: ResolvedTokenCache,
): ResolvedRequestState {
  const given = encryptionKeys?.map((key) => createSecretKey(bytesOf(key) ?? Buffer.alloc(0)));
  return { keys: given ?? shared?.keys ?? [createSecretKey(randomBytes(32))], lifetime: lifetime * 1000 };
}

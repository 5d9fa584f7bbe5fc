import { readMessage, toReadable } from '../../errors/reason.js';
import { McpAuthError } from '../../errors/mcp-auth-error.js';
import { waitFor } from '../../time/time-limit.js';
import type { ReplayStore } from './proof-options.js';

/** The store cannot tell whether a proof was used before. The proof is refused. */
export class ReplayStoreError extends McpAuthError {
  readonly code = 'replay_store_unavailable';
}

/** Time limit for a store, in milliseconds. */
const TIMEOUT = 2_000;

/**
 * Claims a key in a store that may fail, hang or return something other than a boolean.
 *
 * @param lifetimeMs - how long to remember the key, in milliseconds
 * @throws {@link ReplayStoreError} if the store does not return a boolean in time
 */
export async function claimKey(store: ReplayStore, key: string, lifetimeMs: number): Promise<boolean> {
  try {
    const claimed = Promise.resolve(store.claim(key, lifetimeMs));
    const late = () => new ReplayStoreError('The replay store does not answer');
    const isNew: unknown = await waitFor(claimed, TIMEOUT, late);
    if (typeof isNew === 'boolean') return isNew;
    throw new ReplayStoreError('The replay store answers neither true nor false');
  } catch (thrown) {
    const error = toReadable(thrown);
    if (error instanceof ReplayStoreError) throw error;
    throw new ReplayStoreError(`The replay store failed: ${readMessage(error)}`);
  }
}

import { readMessage, toReadable } from '../../errors/reason.js';
import { McpAuthError } from '../../errors/mcp-auth-error.js';
import { waitFor } from '../../time/time-limit.js';
import type { Refusal } from '../../errors/refusal.js';
import type { ReplayStore } from './proof-options.js';

/** Time limit for a store, in milliseconds. */
const TIMEOUT = 2_000;

const OF_STORE: Refusal = {
  detail: `the store did not say whether its jti is new, and wanted is true or false within ${TIMEOUT / 1000} s`,
  fix: 'Check the store in `proof.dpop.replayStore`.',
};

/** The store cannot tell whether a proof was used before. The proof is refused. */
export class ReplayStoreError extends McpAuthError {
  readonly code = 'replay_store_unavailable';

  /** @param refusal - for operators alone */
  constructor(
    message: string,
    readonly refusal: Refusal = OF_STORE,
  ) {
    super(message);
  }
}

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

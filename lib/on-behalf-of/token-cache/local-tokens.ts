import { FairCache, measureText } from '../../limits/fair-cache.js';
import type { Shares } from '../../limits/shares.js';
import { isAlive, isGood, type KeptToken } from './kept-token.js';
import type { TokenOwner } from './token-owner.js';

/** Milliseconds for which a final failure is remembered. */
const MAX_AGE_OF_FAILURES = 5_000;

/** Bytes that a failure takes, with its stack. */
const FAILURE_SIZE = 8 * 1024;

/** Tokens in the memory of this process, and recent final failures. Both count toward the share of their owner. */
export class LocalTokens {
  readonly #tokens: FairCache<KeptToken>;
  readonly #failures: FairCache<{ readonly error: unknown }>;

  /** @param shares - of cached tokens */
  constructor(shares: Shares) {
    this.#tokens = new FairCache(shares);
    this.#failures = new FairCache(shares);
  }

  get size(): number {
    return this.#tokens.size;
  }

  /** A token that can still be used, even if it is to be replaced. */
  find(id: string): KeptToken | undefined {
    const kept = this.#tokens.get(id);
    if (!kept || isAlive(kept)) return kept;
    this.#tokens.delete(id);
    return undefined;
  }

  /**
   * Keeps a token. If the same token is known already, the new entry neither extends its life nor renews it sooner.
   *
   * @returns `undefined` if the token is not to be kept, or there is no room for it
   */
  keep(id: string, kept: KeptToken): KeptToken | undefined {
    const known = this.#tokens.get(id);
    const isSame = known?.token.value === kept.token.value;
    const token = isSame ? joinLives(known, kept) : kept;
    this.#tokens.delete(id);
    if (!isGood(token)) return undefined;
    const { value, grantedScopes = [] } = token.token;
    const lifetimeMs = token.usableUntil - Date.now();
    const keeping = { holder: toHolder(token), lifetimeMs, bytes: measureText(value, ...grantedScopes) };
    return this.#tokens.offer(id, token, keeping) ? token : undefined;
  }

  drop(id: string): void {
    this.#tokens.delete(id);
  }

  dropAll(isMeant: (kept: KeptToken) => boolean): void {
    this.#tokens.deleteAll(isMeant);
  }

  /** A recent final failure. */
  findFailure(id: string): { readonly error: unknown } | undefined {
    return this.#failures.get(id);
  }

  rememberFailure(id: string, owner: Pick<TokenOwner, 'issuer' | 'subject'>, error: unknown): void {
    const keeping = { holder: toHolder(owner), lifetimeMs: MAX_AGE_OF_FAILURES, bytes: FAILURE_SIZE };
    this.#failures.offer(id, { error }, keeping);
  }
}

function joinLives(known: KeptToken, kept: KeptToken): KeptToken {
  return {
    ...kept,
    diesAt: Math.min(known.diesAt, kept.diesAt),
    ...(isGood(known) && { replaceAt: Math.min(known.replaceAt, kept.replaceAt), renewAt: known.renewAt }),
  };
}

/** Tokens of a user, and of a client that acts for itself, are kept for whoever they stand for. */
function toHolder({ issuer, subject }: Pick<TokenOwner, 'issuer' | 'subject'>) {
  return { issuer, subject };
}

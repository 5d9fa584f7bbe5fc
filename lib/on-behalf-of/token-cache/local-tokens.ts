import QuickLRU from 'quick-lru';
import { ExpiringCache } from '../../time/expiring-cache.js';
import { isAlive, type KeptToken } from './kept-token.js';

/** Milliseconds for which a final failure is remembered. */
const MAX_AGE_OF_FAILURES = 5_000;

const MAX_FAILURES = 1_000;

/** Tokens in the memory of this process, and recent final failures. */
export class LocalTokens {
  readonly #tokens: QuickLRU<string, KeptToken>;
  readonly #failures = new ExpiringCache<{ readonly error: unknown }>(MAX_FAILURES);

  constructor(maxEntries: number) {
    // QuickLRU may hold up to twice its `maxSize`.
    this.#tokens = new QuickLRU({ maxSize: Math.max(1, Math.floor(maxEntries / 2)) });
  }

  get size(): number {
    return this.#tokens.size;
  }

  find(id: string): KeptToken | undefined {
    const kept = this.#tokens.get(id);
    if (!kept || isAlive(kept)) return kept;
    this.#tokens.delete(id);
    return undefined;
  }

  /**
   * Keeps a token. If the same token is known already, the new entry neither extends its life nor renews it sooner.
   *
   * @returns `undefined` if the token is not to be kept
   */
  keep(id: string, kept: KeptToken): KeptToken | undefined {
    const known = this.#tokens.get(id);
    const isSame = known?.token.value === kept.token.value;
    const token = isSame ? { ...kept, diesAt: Math.min(known.diesAt, kept.diesAt), renewAt: known.renewAt } : kept;
    if (isAlive(token)) this.#tokens.set(id, token);
    else this.#tokens.delete(id);
    return isAlive(token) ? token : undefined;
  }

  drop(id: string): void {
    this.#tokens.delete(id);
  }

  dropAll(isMeant: (kept: KeptToken) => boolean): void {
    for (const [id, kept] of this.#tokens) if (isMeant(kept)) this.#tokens.delete(id);
  }

  /** A recent final failure. */
  findFailure(id: string): { readonly error: unknown } | undefined {
    return this.#failures.get(id);
  }

  rememberFailure(id: string, error: unknown): void {
    this.#failures.set(id, { error }, MAX_AGE_OF_FAILURES);
  }
}

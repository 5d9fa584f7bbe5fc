import { Stopwatch } from '../../time/stopwatch.js';
import { Renewable } from './renewable.js';
import { canVerify, type VerificationKey } from './verification-key.js';

/** Milliseconds after which keys are refetched, so that a withdrawn key stops being trusted. */
const FRESH = 10 * 60_000;

/**
 * Milliseconds without another fetch after one that did not find the key. Random key ids then put no load on the
 * issuer.
 */
const COOL_DOWN = 5_000;

/** Parameters of a token's header that select its key (RFC 7515 section 4.1). */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

/** The signing keys of one issuer, fetched when first needed and shared by all requests. */
export class IssuerKeys {
  readonly #keys: Renewable<readonly VerificationKey[]>;
  readonly #onStale: () => void;
  /** Time since a fetch that did not find the key. */
  #cooling: Stopwatch | undefined;

  /**
   * @param fetchKeys - throws an {@link IssuerUnusableError} if the keys are not available
   * @param staleMs - milliseconds for which keys that are no longer fresh are used, while others cannot be fetched
   * @param events - `onFailure` is called for each failed fetch, `onStale` each time that such keys are used
   */
  constructor(
    fetchKeys: () => Promise<readonly VerificationKey[]>,
    private readonly staleMs: number,
    events: { readonly onFailure?: (error: unknown) => void; readonly onStale?: () => void } = {},
  ) {
    this.#keys = new Renewable(fetchKeys, { fresh: FRESH, stale: this.maxAge }, events.onFailure);
    this.#onStale = events.onStale ?? (() => undefined);
  }

  /** Milliseconds after which keys are no longer used at all. */
  get maxAge(): number {
    return FRESH + this.staleMs;
  }

  /** Whether the keys are no longer fresh. One that the issuer has withdrawn may be among them. */
  get isStale(): boolean {
    return this.#keys.isStale;
  }

  /** Milliseconds since the keys were fetched; infinite before the first fetch. */
  get age(): number {
    return this.#keys.age;
  }

  /** @throws {@link IssuerUnusableError} if there are no keys that may still be used */
  async ensure(): Promise<void> {
    await this.getAll();
  }

  /** @throws {@link IssuerUnusableError} if there are no keys that may still be used */
  async getAll(): Promise<readonly VerificationKey[]> {
    return await this.#keys.get();
  }

  /**
   * The key that a token's header names. A token without `kid` is matched only where a single key fits.
   *
   * @throws {@link IssuerUnusableError} if the keys cannot be fetched, so that it is unknown whether the key exists
   */
  async find(header: TokenHeader): Promise<VerificationKey | undefined> {
    const known = match(await this.#keys.get(), header);
    if (known && this.isStale) this.#onStale();
    if (known || (this.#cooling && this.#cooling.elapsed < COOL_DOWN)) return known;
    // The running fetch may have started before the issuer published the key.
    const late = this.#keys.isLoading;
    let found = match(await this.#keys.renew(), header);
    if (!found && late) found = match(await this.#keys.renew(), header);
    if (!found) this.#cooling = new Stopwatch();
    return found;
  }
}

function match(keys: readonly VerificationKey[], { kid, alg }: TokenHeader): VerificationKey | undefined {
  const fitting = keys.filter((key) => canVerify(key, alg));
  if (kid === undefined) return fitting.length === 1 ? fitting[0] : undefined;
  return fitting.find((key) => key.kid === kid);
}

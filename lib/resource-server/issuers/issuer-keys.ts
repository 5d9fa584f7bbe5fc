import { Stopwatch } from '../../time/stopwatch.js';
import { Renewable } from './renewable.js';
import { canVerify, type VerificationKey } from './verification-key.js';

/** Keys are fetched anew after ten minutes, so that one that the issuer withdrew stops being trusted; while the issuer is down they serve for an hour. */
const LIFETIME = { fresh: 10 * 60_000, stale: 60 * 60_000 };

/** Milliseconds after a fetch that did not find the key in which no other is made: random key ids cost the issuer nothing. */
const COOL_DOWN = 5_000;

/** What a token's header says of its key (RFC 7515 section 4.1). */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

/** The signing keys of one issuer, fetched when first needed and shared by all requests. */
export class IssuerKeys {
  readonly #keys: Renewable<readonly VerificationKey[]>;
  /** Since a fetch that did not find the key. */
  #cooling: Stopwatch | undefined;

  /**
   * @param fetchKeys - throws an {@link IssuerUnavailableError} if they cannot be had
   * @param onFailure - told of each failed fetch
   */
  constructor(fetchKeys: () => Promise<readonly VerificationKey[]>, onFailure?: (error: unknown) => void) {
    this.#keys = new Renewable(fetchKeys, LIFETIME, onFailure);
  }

  /** Milliseconds since the keys were fetched; infinite where they never were. */
  get age(): number {
    return this.#keys.age;
  }

  /** @throws {@link IssuerUnavailableError} if there are no keys that may still be used */
  async ensure(): Promise<void> {
    await this.getAll();
  }

  /** @throws {@link IssuerUnavailableError} if there are no keys that may still be used */
  async getAll(): Promise<readonly VerificationKey[]> {
    return await this.#keys.get();
  }

  /**
   * The key that a token's header names. A token without `kid` is matched only where a single key fits.
   *
   * @throws {@link IssuerUnavailableError} if the keys cannot be fetched, so that nobody knows whether there is one
   */
  async find(header: TokenHeader): Promise<VerificationKey | undefined> {
    const known = match(await this.#keys.get(), header);
    if (known || (this.#cooling && this.#cooling.elapsed < COOL_DOWN)) return known;
    // What is being fetched may have been asked for before the issuer had the key.
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

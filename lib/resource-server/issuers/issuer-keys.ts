import { Stopwatch } from '../../time/stopwatch.js';
import { Renewable } from './renewable.js';
import { canVerify, type VerificationKey } from './verification-key.js';

/** Milliseconds after which keys are refetched, so that a withdrawn key stops being trusted. */
const FRESH = 10 * 60_000;

/**
 * Milliseconds without another fetch after one that did not find the key. Random key ids and bad signatures then put no
 * load on the issuer.
 */
const COOL_DOWN = 5_000;

/** Most keys that are tried for one token. Strangers can send tokens that no key has signed. */
const MAX_TRIED = 10;

/** Parameters of a token's header that select its key (RFC 7515 section 4.1). */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

/** The key that has signed a token, or what was looked at in vain. */
export type KeySearch =
  | { readonly key: VerificationKey }
  | {
      readonly key?: undefined;
      /** How many keys fit the header and were tried. */
      readonly tried: number;
      /** Ids of all keys of the issuer. */
      readonly kids: readonly string[];
    };

/** The signing keys of one issuer, fetched when first needed and shared by all requests. */
export class IssuerKeys {
  readonly #keys: Renewable<readonly VerificationKey[]>;
  readonly #onStale: () => void;
  /** Time since a fetch that did not find the key. */
  #cooling: Stopwatch | undefined;

  /**
   * @param fetchKeys - throws an {@link IssuerUnusableError} if the keys are not available
   * @param staleMs - milliseconds for which keys that are no longer fresh are used, while others cannot be fetched
   * @param events - `refuse` makes the error for callers who are not to wait, `onFailure` is called for each failed fetch, `onStale` each time that such keys are used
   */
  constructor(
    fetchKeys: () => Promise<readonly VerificationKey[]>,
    private readonly staleMs: number,
    events: {
      readonly refuse: (failure: unknown) => unknown;
      readonly onFailure: (error: unknown) => void;
      readonly onStale: () => void;
    },
  ) {
    this.#keys = new Renewable(fetchKeys, { fresh: FRESH, stale: this.maxAge }, events.refuse, events.onFailure);
    this.#onStale = events.onStale;
  }

  /** Milliseconds after which keys are no longer used at all. */
  get maxAge(): number {
    return FRESH + this.staleMs;
  }

  /** Whether there are keys that may still be used. */
  get areUsable(): boolean {
    return this.age <= this.maxAge;
  }

  /** Whether there are none, and they could not be fetched when somebody last needed them, not long ago. */
  get areMissing(): boolean {
    return !this.areUsable && this.#keys.failureAge <= this.maxAge;
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
   * Finds the key that has signed a token. Every key that fits the header is tried: an issuer may publish two under one
   * `kid`, or none with a `kid`. If none has signed it, the issuer may have new ones, also under the same `kid`.
   *
   * @param hasSigned - whether a key has signed the token
   * @throws {@link IssuerUnusableError} if the keys cannot be fetched, so that it is unknown whether the key exists
   */
  async find(header: TokenHeader, hasSigned: (key: VerificationKey) => Promise<boolean>): Promise<KeySearch> {
    const search = async (keys: readonly VerificationKey[]) => await searchKeys(keys, header, hasSigned);
    const known = await search(await this.#keys.get());
    if (known.key && this.isStale) this.#onStale();
    if (known.key || (this.#cooling && this.#cooling.elapsed < COOL_DOWN)) return known;
    // The running fetch may have started before the issuer published the key.
    const late = this.#keys.isLoading;
    try {
      let found = await search(await this.#renew());
      if (!found.key && late) found = await search(await this.#renew());
      if (found.key) this.#cooling = undefined;
      return found;
    } catch (error) {
      // The key is there, and the signature is wrong. Other keys under its id would be an exception.
      if (known.tried > 0) return known;
      throw error;
    }
  }

  /** The pause begins at once: others may come while the signature is verified. */
  async #renew(): Promise<readonly VerificationKey[]> {
    const keys = await this.#keys.renew();
    this.#cooling = new Stopwatch();
    return keys;
  }
}

async function searchKeys(
  keys: readonly VerificationKey[],
  header: TokenHeader,
  hasSigned: (key: VerificationKey) => Promise<boolean>,
): Promise<KeySearch> {
  const fitting = listFitting(keys, header);
  for (const key of fitting) if (await hasSigned(key)) return { key };
  return { tried: fitting.length, kids: keys.flatMap(({ kid }) => kid ?? []) };
}

/** Keys that may have signed a token, those with its `kid` first. Where one of the two names none, each key fits. */
function listFitting(keys: readonly VerificationKey[], { kid, alg }: TokenHeader): readonly VerificationKey[] {
  const able = keys.filter((key) => canVerify(key, alg));
  if (kid === undefined) return able.slice(0, MAX_TRIED);
  const [named, unnamed] = [kid, undefined].map((id) => able.filter((key) => key.kid === id)) as [
    VerificationKey[],
    VerificationKey[],
  ];
  return [...named, ...unnamed].slice(0, MAX_TRIED);
}

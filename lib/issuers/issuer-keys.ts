import { createPublicKey, type KeyObject } from 'node:crypto';
import { JwksClient, type SigningKey } from 'jwks-rsa';
import { fetchFromIssuer, reasonOf } from './issuer-metadata.js';
import { IssuerUnavailableError } from './issuer-unavailable-error.js';

/** Milliseconds after which keys are fetched anew, so that a key that the issuer withdrew stops being trusted. */
const MAX_AGE = 10 * 60_000;

/** Milliseconds that have to pass between two fetches caused by unknown key ids: random ids cost the issuer nothing. */
const COOL_DOWN = 30_000;

/** A verification key and the one algorithm that its JWK allows, where it says so (RFC 7517 section 4.4). */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly algorithm: string | undefined;
  readonly key: KeyObject;
}

/** What a token's header says of its key (RFC 7515 section 4.1). */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

/** The signing keys of one issuer, fetched when first needed and shared by all requests. */
export class IssuerKeys {
  #keys: readonly VerificationKey[] = [];
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(
    private readonly issuer: string,
    private readonly jwksUri: () => Promise<string>,
  ) {}

  /**
   * The key that a token's header names. A token without `kid` is matched only where a single key fits.
   *
   * @throws {@link IssuerUnavailableError} if the keys cannot be fetched
   */
  async find(header: TokenHeader): Promise<VerificationKey | undefined> {
    const age = Date.now() - this.#fetchedAt;
    if (age > MAX_AGE) await this.#refresh();
    else if (age > COOL_DOWN && !this.#match(header)) await this.#refresh();
    return this.#match(header);
  }

  #match({ kid, alg }: TokenHeader): VerificationKey | undefined {
    const fitting = this.#keys.filter(({ algorithm }) => algorithm === undefined || algorithm === alg);
    if (kid === undefined) return fitting.length === 1 ? fitting[0] : undefined;
    return fitting.find((key) => key.kid === kid);
  }

  #refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const jwksUri = await this.jwksUri();
    try {
      const client = new JwksClient({ jwksUri, cache: false, fetcher: fetchKeySet });
      this.#keys = (await client.getSigningKeys()).map(toVerificationKey).filter(isStrong);
      this.#fetchedAt = Date.now();
    } catch (error) {
      throw new IssuerUnavailableError(this.issuer, `no usable keys. ${jwksUri}: ${reasonOf(error)}`, { cause: error });
    }
  }
}

async function fetchKeySet(jwksUri: string): Promise<{ keys: unknown }> {
  return (await (await fetchFromIssuer(jwksUri)).json()) as { keys: unknown };
}

/** RFC 7518 section 3.3: RSA keys have 2048 bits or more. */
function isStrong({ key }: VerificationKey): boolean {
  const { modulusLength } = key.asymmetricKeyDetails ?? {};
  return modulusLength === undefined || modulusLength >= 2048;
}

/** jsonwebtoken parses a PEM at every call; a `KeyObject` is made once. */
function toVerificationKey(key: SigningKey & { alg?: string }): VerificationKey {
  return { kid: key.kid || undefined, algorithm: key.alg, key: createPublicKey(key.getPublicKey()) };
}

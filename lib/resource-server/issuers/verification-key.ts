import { createPublicKey, type KeyObject } from 'node:crypto';
import { JwksClient, type SigningKey } from 'jwks-rsa';
import { isJsonObject } from '../../json/json-object.js';
import { SIGNING_ALGORITHMS } from './issuer-options.js';

/** A verification key, and the only algorithm that its JWK allows, if it names one (RFC 7517 section 4.4). */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly algorithm: string | undefined;
  readonly key: KeyObject;
}

/** The curve that each of these algorithms requires (RFC 7518 section 3.4), as Node names it. */
const CURVES: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

/** RFC 7518 section 3.3. */
const MIN_RSA_BITS = 2048;

/** With an exponent of 1 the padded message is its own signature: anyone can sign. */
const MIN_RSA_EXPONENT = 3n;

/**
 * Most keys of an issuer. Issuers have a handful, and those of many tenants some dozens. Each key takes time to read, and
 * meanwhile nobody is served.
 */
const MAX_KEYS = 200;

/**
 * The keys of a JWK set (RFC 7517 section 5) that can verify signatures. Other keys are ignored: an issuer may publish
 * keys for other uses, or of newer types.
 *
 * @param keys - `keys` of the set, not validated
 * @throws Error if none of them can, or if they are too many
 */
export async function readVerificationKeys(keys: unknown): Promise<readonly VerificationKey[]> {
  if (!Array.isArray(keys)) throw new Error('it has no keys');
  const candidates = keys.map(dropNulls).filter(isForVerification);
  if (candidates.length > MAX_KEYS)
    throw new Error(`it has ${candidates.length} keys for signatures, and no more than ${MAX_KEYS} are read`);
  const client = new JwksClient({
    jwksUri: '',
    cache: false,
    fetcher: () => Promise.resolve({ keys: candidates }),
  });
  const usable = (await client.getSigningKeys()).map(toVerificationKey).filter(isUsable);
  if (usable.length === 0) throw new Error('none of its keys can verify a signature that is accepted here');
  return usable;
}

/** Whether a key may verify tokens with an algorithm: RFC 8725 section 3.1, and RFC 7518 section 3.4 for curves. */
export function canVerify({ key, algorithm }: VerificationKey, alg: string): boolean {
  if (algorithm !== undefined && algorithm !== alg)
    return isEdwards(algorithm) && isEdwards(alg) && key.asymmetricKeyType === 'ed25519';
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return /^[RP]S\d/.test(alg);
    case 'ec':
      return CURVES[alg] !== undefined && CURVES[alg] === key.asymmetricKeyDetails?.namedCurve;
    case 'ed25519':
      return isEdwards(alg);
    default:
      return false;
  }
}

/** RFC 9864 names EdDSA over Ed25519 `Ed25519`. */
function isEdwards(alg: string): boolean {
  return alg === 'EdDSA' || alg === 'Ed25519';
}

/** Some issuers write `null` for a member that a key does not have. */
function dropNulls(key: unknown): unknown {
  if (!isJsonObject(key)) return key;
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null));
}

/** RFC 7517 section 4.3: `key_ops`, if present, must allow verification. jwks-rsa checks `use`. */
function isForVerification(key: unknown): boolean {
  if (typeof key !== 'object' || key === null) return false;
  const { key_ops: operations } = key as { key_ops?: unknown };
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

/** A weak key, and one that no algorithm is accepted for, is as good as none. */
function isUsable(key: VerificationKey): boolean {
  return isStrong(key) && SIGNING_ALGORITHMS.some((algorithm) => canVerify(key, algorithm));
}

function isStrong({ key }: VerificationKey): boolean {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  return modulusLength === undefined || (modulusLength >= MIN_RSA_BITS && (publicExponent ?? 0n) >= MIN_RSA_EXPONENT);
}

/** Makes a `KeyObject` once. jsonwebtoken would parse a PEM at every call. */
function toVerificationKey(key: SigningKey & { alg?: string }): VerificationKey {
  return { kid: toKeyId(key.kid), algorithm: key.alg, key: createPublicKey(key.getPublicKey()) };
}

/** `kid` is a string (RFC 7517 section 4.5). Some issuers number their keys. */
function toKeyId(kid: unknown): string | undefined {
  if (typeof kid === 'number') return String(kid);
  return typeof kid === 'string' && kid !== '' ? kid : undefined;
}

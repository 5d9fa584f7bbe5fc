import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';

/** A key of a {@link TestIssuer}. */
export interface TestKey {
  /** Algorithm of RFC 7518 or RFC 8037, for example `ES256`. */
  readonly alg: string;
  /** Key id: `kid` of the header (RFC 7515 section 4.1.4). */
  readonly kid: string;
  /** Signs tokens. */
  readonly privateKey: CryptoKey;
  /** The public key as the issuer's JWKS contains it. */
  readonly publicJwk: JWK;
}

export async function generateKey(alg: string, kid: string = randomUUID()): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { alg, kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

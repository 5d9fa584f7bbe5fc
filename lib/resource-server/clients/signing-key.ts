import { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, importPKCS8, type CryptoKey, type JWK } from 'jose';
import { createCredentialsError } from './client-authentication.js';

/** A private key: PEM (PKCS #8, PKCS #1 or SEC 1), a private JWK, or a `KeyObject`. */
export type PrivateKeyMaterial = string | JWK | KeyObject;

/** A private key and its signature algorithm. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: string;
  /** `kid` of a JWK. */
  readonly kid: string | undefined;
}

/** RFC 7518 section 3.3. */
const MIN_RSA_BITS = 2048;

/** Signature algorithms by the type of key, or its curve as Node names it. The first is the default. */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ed25519: ['Ed25519', 'EdDSA'],
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};

/**
 * Reads a private key.
 *
 * @param algorithm - the required algorithm, if configured
 * @throws {@link McpAuthConfigurationError} if it is not a private key, cannot sign, or does not fit the algorithm
 */
export function readSigningKey(material: PrivateKeyMaterial, algorithm?: string): SigningKey {
  const { key, kid } = readKey(material);
  const { modulusLength = MIN_RSA_BITS, namedCurve } = key.asymmetricKeyDetails ?? {};
  const allowed = ALGORITHMS[namedCurve ?? key.asymmetricKeyType ?? ''];
  const [usual] = allowed ?? [];
  if (!allowed || usual === undefined) {
    throw createCredentialsError('has a `key` of a type that cannot sign. Use RSA, P-256, P-384, P-521 or Ed25519');
  }
  if (modulusLength < MIN_RSA_BITS) {
    throw createCredentialsError(`has a \`key\` of ${modulusLength} bits. RSA keys need ${MIN_RSA_BITS} or more`);
  }
  if (algorithm !== undefined && !allowed.includes(algorithm)) {
    throw createCredentialsError(
      `has an \`algorithm\` that does not fit its \`key\`. Use ${allowed.join(' or ')}, or remove it`,
    );
  }
  return { key, algorithm: algorithm ?? usual, kid };
}

/** The key as a `CryptoKey` of WebCrypto. */
export async function importKey({ key, algorithm }: SigningKey): Promise<CryptoKey> {
  return await importPKCS8(key.export({ format: 'pem', type: 'pkcs8' }).toString(), algorithm);
}

/** Identifies the key without revealing it (RFC 7638). */
export async function computeThumbprint({ key }: SigningKey): Promise<string> {
  return await calculateJwkThumbprint(createPublicKey(key).export({ format: 'jwk' }));
}

function readKey(material: PrivateKeyMaterial): { readonly key: KeyObject; readonly kid: string | undefined } {
  try {
    if (material instanceof KeyObject) {
      if (material.type !== 'private') throw new Error('not private');
      return { key: material, kid: undefined };
    }
    if (typeof material === 'string') return { key: createPrivateKey(material), kid: undefined };
    return { key: createPrivateKey({ key: material, format: 'jwk' }), kid: material.kid };
  } catch {
    // The cause would quote the key.
    throw createCredentialsError('has a `key` that is not a private key. Give PEM, a private JWK or a KeyObject');
  }
}

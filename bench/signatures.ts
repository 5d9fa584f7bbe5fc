import { constants, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';

/** Algorithms of access tokens that are compared. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

/** A new pair of keys for an algorithm. */
export interface SigningKeys {
  readonly publicKey: KeyObject;
  readonly sign: (content: Buffer) => Buffer;
  readonly verify: (content: Buffer, signature: Buffer) => boolean;
}

export function createKeys(algorithm: Algorithm): SigningKeys {
  const { publicKey, privateKey } = generate(algorithm);
  const digest = algorithm === 'EdDSA' ? null : 'sha256';
  // RFC 7518 sections 3.4 and 3.5.
  const options =
    algorithm === 'PS256'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      : { dsaEncoding: 'ieee-p1363' as const };
  return {
    publicKey,
    sign: (content) => sign(digest, content, { key: privateKey, ...options }),
    verify: (content, signature) => verify(digest, content, { key: publicKey, ...options }, signature),
  };
}

function generate(algorithm: Algorithm): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

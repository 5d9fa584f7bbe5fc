import { createPrivateKey, createPublicKey, KeyObject, X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint, importPKCS8, type CryptoKey, type JWK } from 'jose';
import { modifyAssertion, PrivateKeyJwt, type ClientAuth } from 'oauth4webapi';
import { badCredentials, type ClientAuthentication } from './client-authentication.js';
import { CredentialFile } from './credential-file.js';

/** A private key: PEM (PKCS #8, PKCS #1 or SEC 1), a private JWK, or a `KeyObject`. */
export type PrivateKeyMaterial = string | JWK | KeyObject;

/** What `private_key_jwt` takes. */
export interface PrivateKeyJwtOptions {
  /** The key; a file of PEM or JWK, read again once it changes; or a function that is asked before each request. */
  key: PrivateKeyMaterial | { file: string } | (() => PrivateKeyMaterial | Promise<PrivateKeyMaterial>);
  /** `kid` of the header. Defaults to that of a JWK. */
  keyId?: string;
  /** Certificate of the key, as PEM or a file of it: the header names it by `x5t#S256` (RFC 7515 section 4.1.8). */
  certificate?: string | { file: string };
  /** Signature algorithm. Defaults to RS256, ES256, ES384, ES512 or Ed25519, as the key is. */
  algorithm?: string;
  /**
   * `aud`: the `'issuer'`, the `'token_endpoint'` (which Entra ID wants), or a text. Defaults to `'issuer'`.
   */
  audience?: 'issuer' | 'token_endpoint' | (string & {});
  /** Seconds for which an assertion is good, 1 to 300. Defaults to 60. */
  lifetime?: number;
}

interface SigningKey {
  readonly key: CryptoKey;
  readonly kid: string | undefined;
  readonly thumbprint: string;
}

/**
 * `private_key_jwt`: a signed assertion (RFC 7523 section 2.2), made for each request, with a `jti` of its own.
 *
 * @throws {@link McpAuthConfigurationError} if the key or the certificate cannot be read
 */
export function privateKeyJwt(options: PrivateKeyJwtOptions): ClientAuthentication {
  const { keyId, audience = 'issuer', lifetime = 60 } = options;
  if (!(lifetime >= 1 && lifetime <= 300)) {
    throw badCredentials('has a `lifetime` that is not between 1 and 300 seconds. Choose a value in between');
  }
  const signingKey = signingKeys(options);
  const thumbprint = certificateThumbprints(options.certificate);
  const authenticate: ClientAuth = async (server, ...request) => {
    const { key, kid } = await signingKey();
    const x5t = await thumbprint();
    await PrivateKeyJwt(key, {
      [modifyAssertion]: (header, payload) => {
        Object.assign(header, { typ: 'JWT' }, (keyId ?? kid) && { kid: keyId ?? kid }, x5t && { 'x5t#S256': x5t });
        payload.exp = Number(payload.iat) + lifetime;
        if (audience !== 'issuer') payload.aud = audience === 'token_endpoint' ? server.token_endpoint : audience;
      },
    })(server, ...request);
  };
  const version = async () => (await signingKey()).thumbprint.slice(0, 16);
  return Object.assign(authenticate, { method: 'private_key_jwt', version });
}

/** Keys are imported once, and again when they are others. */
function signingKeys({ key, algorithm }: PrivateKeyJwtOptions): () => Promise<SigningKey> {
  const read = readerOf(key);
  let imported: { readonly from: string; readonly key: Promise<SigningKey> } | undefined;
  return async () => {
    const material = await read();
    const pem = material.key.export({ format: 'pem', type: 'pkcs8' }).toString();
    if (imported?.from !== pem) imported = { from: pem, key: importKey(material, algorithm) };
    return await imported.key;
  };
}

interface ReadKey {
  readonly key: KeyObject;
  readonly kid: string | undefined;
}

function readerOf(source: PrivateKeyJwtOptions['key']): () => ReadKey | Promise<ReadKey> {
  if (typeof source === 'function') return async () => readKey(await source());
  if (typeof source === 'object' && 'file' in source && typeof source.file === 'string') {
    const file = new CredentialFile(source.file, (text) =>
      readKey(text.trim().startsWith('{') ? (JSON.parse(text) as JWK) : text),
    );
    return () => file.current();
  }
  const key = readKey(source as PrivateKeyMaterial);
  return () => key;
}

function readKey(material: PrivateKeyMaterial): ReadKey {
  try {
    if (material instanceof KeyObject) return { key: material, kid: undefined };
    if (typeof material === 'string') return { key: createPrivateKey(material), kid: undefined };
    return { key: createPrivateKey({ key: material, format: 'jwk' }), kid: material.kid };
  } catch {
    // The cause would quote the key.
    throw badCredentials('has a `key` that is not a private key. Give PEM, a private JWK or a KeyObject');
  }
}

async function importKey({ key, kid }: ReadKey, algorithm = algorithmFor(key)): Promise<SigningKey> {
  const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString();
  const thumbprint = await calculateJwkThumbprint(createPublicKey(key).export({ format: 'jwk' }));
  return { key: await importPKCS8(pem, algorithm), kid, thumbprint };
}

function algorithmFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  if (asymmetricKeyType === 'ed25519') return 'Ed25519';
  const algorithms: Record<string, string> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
  const algorithm = algorithms[asymmetricKeyDetails?.namedCurve ?? ''];
  if (algorithm === undefined)
    throw badCredentials('has a `key` of a type that cannot sign. Use RSA, P-256, P-384, P-521 or Ed25519');
  return algorithm;
}

function certificateThumbprints(
  certificate: PrivateKeyJwtOptions['certificate'],
): () => string | undefined | Promise<string | undefined> {
  if (certificate === undefined) return () => undefined;
  if (typeof certificate === 'object') {
    const file = new CredentialFile(certificate.file, thumbprintOf);
    return () => file.current();
  }
  const thumbprint = thumbprintOf(certificate);
  return () => thumbprint;
}

function thumbprintOf(pem: string): string {
  try {
    return Buffer.from(new X509Certificate(pem).fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  } catch {
    throw badCredentials('has a `certificate` that is none. Give it as PEM');
  }
}

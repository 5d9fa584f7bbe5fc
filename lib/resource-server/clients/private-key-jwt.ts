import { X509Certificate } from 'node:crypto';
import type { CryptoKey, JWK } from 'jose';
import { modifyAssertion, PrivateKeyJwt, type ClientAuth } from 'oauth4webapi';
import { CleanLogger } from '../../log/clean-logger.js';
import { createCredentialsError, type ClientAuthentication } from './client-authentication.js';
import { CredentialFile } from './credential-file.js';
import {
  importKey,
  readSigningKey,
  computeThumbprint,
  type PrivateKeyMaterial,
  type SigningKey,
} from './signing-key.js';

/** Options of `private_key_jwt`. */
export interface PrivateKeyJwtOptions {
  /**
   * The key; a PEM or JWK file, read again after it changes; or a function that returns the key, and should cache it.
   */
  key: PrivateKeyMaterial | { file: string } | (() => PrivateKeyMaterial | Promise<PrivateKeyMaterial>);
  /** `kid` of the header. Defaults to that of a JWK. */
  keyId?: string;
  /** Certificate of the key, as PEM or a PEM file. The header names it by `x5t#S256` (RFC 7515 section 4.1.8). */
  certificate?: string | { file: string };
  /** Signature algorithm. Defaults to RS256, ES256, ES384, ES512 or Ed25519, by the type of the key. */
  algorithm?: string;
  /** `aud`: the `'issuer'`, the `'token_endpoint'` (which Entra ID requires), or a text. Defaults to `'issuer'`. */
  audience?: 'issuer' | 'token_endpoint' | (string & {});
  /** Milliseconds for which an assertion is good, 1000 to 300 000. Defaults to 60 000. */
  lifetimeMs?: number;
}

/** Maximum seconds by which our clock may be ahead of the authorization server's. */
const BACKDATED = 10;

const logger = new CleanLogger('ClientCredentials');

/**
 * `private_key_jwt`: a signed assertion (RFC 7523 section 2.2), made for each request, with a `jti` of its own.
 *
 * @param options - the key, and how the assertion names it
 * @throws {@link McpAuthConfigurationError} if the key or the certificate cannot be read, or they do not match
 */
export function privateKeyJwt(options: PrivateKeyJwtOptions): ClientAuthentication {
  const { keyId, audience = 'issuer', lifetimeMs = 60_000 } = options;
  if (!(lifetimeMs >= 1000 && lifetimeMs <= 300_000)) {
    throw createCredentialsError('has a `lifetimeMs` that is not between 1000 and 300000. Choose a value in between');
  }
  const lifetime = lifetimeMs / 1000;
  const signers = new Signers(options);
  const authenticate: ClientAuth = async (server, ...request) => {
    const { key, algorithm, kid, x5t } = await signers.load();
    await PrivateKeyJwt(key, {
      [modifyAssertion]: (header, payload) => {
        // RFC 9864 names EdDSA over Ed25519 `Ed25519`. Not every server knows that name.
        Object.assign(header, { alg: algorithm, typ: 'JWT', kid: keyId ?? kid }, x5t && { 'x5t#S256': x5t });
        const issuedAt = Number(payload.iat) - Math.min(BACKDATED, Math.floor(lifetime / 2));
        Object.assign(payload, { iat: issuedAt, nbf: issuedAt, exp: issuedAt + lifetime });
        if (audience !== 'issuer') payload.aud = audience === 'token_endpoint' ? server.token_endpoint : audience;
      },
    })(server, ...request);
  };
  const computeVersion = async () => (await signers.load()).version;
  return Object.assign(authenticate, {
    method: 'private_key_jwt',
    algorithm: signers.algorithm ?? null,
    version: computeVersion,
  });
}

/** A key ready for use, with the thumbprint of its certificate. */
interface Signer {
  readonly key: CryptoKey;
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly x5t: string | undefined;
  readonly version: string;
}

/** The inputs of a signer. */
interface Pair {
  readonly key: SigningKey;
  readonly certificate: X509Certificate | undefined;
  readonly id: string;
  readonly signer: Promise<Signer>;
}

/** Keys with their certificates. After a rotation, the key and the certificate are used once they match. */
class Signers {
  /** As far as it is known at boot. */
  readonly algorithm: string | undefined;
  readonly #key: () => SigningKey | Promise<SigningKey>;
  readonly #certificate: () => X509Certificate | undefined | Promise<X509Certificate | undefined>;
  #known: Pair | undefined;
  #unmatched: string | undefined;

  constructor({ key, algorithm, certificate }: PrivateKeyJwtOptions) {
    const [keys, certificates] = [createKeySource(key, algorithm), createCertificateSource(certificate)];
    if (keys.latest && certificates.latest && !certificates.latest.checkPrivateKey(keys.latest.key))
      throw createMismatchError();
    this.algorithm = algorithm ?? keys.latest?.algorithm;
    this.#key = keys.current;
    this.#certificate = certificates.current;
  }

  async load(): Promise<Signer> {
    const [key, certificate] = [await this.#key(), await this.#certificate()];
    const known = this.#known;
    if (known?.key === key && known.certificate === certificate) return await known.signer;
    const id = `${await computeThumbprint(key)} ${certificate?.fingerprint256 ?? ''}`;
    // A function may return the same key in a new object each time.
    if (known?.id === id) return await known.signer;
    if (certificate && !certificate.checkPrivateKey(key.key)) {
      if (!known) throw createMismatchError();
      this.#warn(id);
      return await known.signer;
    }
    const signer = createSigner(key, certificate);
    this.#known = { key, certificate, id, signer };
    return await signer;
  }

  #warn(id: string): void {
    if (id === this.#unmatched) return;
    this.#unmatched = id;
    logger.warn(
      'The key and the certificate of `client.authentication` do not belong together. The previous ones stay in use',
    );
  }
}

async function createSigner(key: SigningKey, certificate: X509Certificate | undefined): Promise<Signer> {
  return {
    key: await importKey(key),
    algorithm: key.algorithm,
    kid: key.kid,
    x5t: certificate && Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    version: (await computeThumbprint(key)).slice(0, 16),
  };
}

/** A source, and its value at boot, if it is known then. */
interface Source<Value> {
  readonly latest?: Value;
  readonly current: () => Value | Promise<Value>;
}

function createKeySource(source: PrivateKeyJwtOptions['key'], algorithm: string | undefined): Source<SigningKey> {
  if (typeof source === 'function') return { current: async () => readSigningKey(await source(), algorithm) };
  if (typeof source === 'object' && 'file' in source && typeof source.file === 'string') {
    return createFileSource(source.file, (text) =>
      readSigningKey(text.trim().startsWith('{') ? (JSON.parse(text) as JWK) : text, algorithm),
    );
  }
  const key = readSigningKey(source as PrivateKeyMaterial, algorithm);
  return { latest: key, current: () => key };
}

function createCertificateSource(source: PrivateKeyJwtOptions['certificate']): Source<X509Certificate | undefined> {
  if (typeof source === 'object') return createFileSource(source.file, readCertificate);
  const certificate = source === undefined ? undefined : readCertificate(source);
  return { ...(certificate && { latest: certificate }), current: () => certificate };
}

function createFileSource<Value>(path: string, read: (text: string) => Value): Source<Value> {
  const file = new CredentialFile(path, read);
  return { latest: file.latest, current: () => file.load() };
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw createCredentialsError('has a `certificate` that cannot be read. Give it as PEM');
  }
}

function createMismatchError() {
  return createCredentialsError('has a `certificate` that does not belong to its `key`. Give both of one pair');
}

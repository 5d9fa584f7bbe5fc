import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { randomUUID } from 'node:crypto';
import { exportJWK, importJWK, type CryptoKey } from 'jose';
import type { ProtectedServer } from '../support/protected-server.js';

type Members = Record<string, unknown>;

/** A key pair of the issuer, or of an attacker. */
export interface ForgeKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Makes tokens that no library would make. */
export class Forge {
  private constructor(
    private readonly server: ProtectedServer,
    /** Keys that the issuer publishes. */
    readonly ec: ForgeKey,
    readonly rsa: ForgeKey,
    /** Keys that nobody published. */
    readonly stranger: { readonly ec: ForgeKey; readonly rsa: ForgeKey; readonly ed: ForgeKey },
  ) {}

  static async start(server: ProtectedServer): Promise<Forge> {
    const [ec, rsa] = [ecKey(), rsaKey()];
    server.issuer.keys = [];
    for (const [key, alg] of [
      [ec, 'ES256'],
      [rsa, 'RS256'],
    ] as const) {
      const publicJwk = { ...(await exportJWK(key.publicKey)), kid: key.kid, use: 'sig' };
      const privateKey = (await importJWK(await exportJWK(key.privateKey), alg)) as CryptoKey;
      server.issuer.keys.push({ alg, kid: key.kid, privateKey, publicJwk });
    }
    return new Forge(server, ec, rsa, { ec: ecKey(), rsa: rsaKey(), ed: edKey() });
  }

  get issuer(): string {
    return this.server.issuer.issuer;
  }

  get resource(): string {
    return this.server.resource;
  }

  /** `undefined` removes. */
  header(members: Members = {}): Members {
    return { alg: 'ES256', kid: this.ec.kid, typ: 'at+jwt', ...members };
  }

  claims(members: Members = {}): Members {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.issuer,
      sub: 'alice',
      aud: this.resource,
      client_id: 'client',
      iat: now,
      exp: now + 300,
      jti: randomUUID(),
      ...members,
    };
  }

  /** Signed by the issuer, with ES256, whatever the header says. */
  token(claims: Members = {}, header: Members = {}): string {
    return this.signed(this.header(header), this.claims(claims));
  }

  signed(header: Members | string | Buffer, claims: Members | string | Buffer, key: ForgeKey = this.ec): string {
    return this.with(header, claims, (input) => signature(input, key));
  }

  /** Under any signature. */
  with(
    header: Members | string | Buffer,
    claims: Members | string | Buffer,
    signer: (input: string) => Buffer | string,
  ): string {
    const input = [header, claims].map((part) => encoded(part)).join('.');
    return `${input}.${Buffer.from(signer(input)).toString('base64url')}`;
  }

  hmac(alg: string, secret: string | Buffer, key: ForgeKey = this.rsa): string {
    const hash = alg.replace('HS', 'sha');
    return this.with(this.header({ alg, kid: key.kid }), this.claims(), (input) =>
      createHmac(hash, secret).update(input).digest(),
    );
  }
}

export function signature(input: string, { privateKey }: ForgeKey, hash = 'sha256', padding?: number): Buffer {
  const digest = privateKey.asymmetricKeyType === 'ed25519' ? null : hash;
  return sign(digest, Buffer.from(input), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
    ...(padding !== undefined && { padding }),
  });
}

export function encoded(part: Members | string | Buffer): string {
  const bytes = Buffer.isBuffer(part) ? part : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part));
  return bytes.toString('base64url');
}

export function ecKey(namedCurve = 'P-256'): ForgeKey {
  return { kid: randomUUID(), ...generateKeyPairSync('ec', { namedCurve }) };
}

export function rsaKey(): ForgeKey {
  return { kid: randomUUID(), ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
}

export function edKey(): ForgeKey {
  return { kid: randomUUID(), ...generateKeyPairSync('ed25519') };
}

/** All that an attacker knows of a public key, as bytes that might pass for a secret. */
export function formsOf({ publicKey }: ForgeKey): Record<string, string | Buffer> {
  const jwk = publicKey.export({ format: 'jwk' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return {
    'its PEM': pem,
    'its PEM without the last newline': pem.trimEnd(),
    'its PEM in one line': pem.replaceAll('\n', ''),
    'its DER': publicKey.export({ format: 'der', type: 'spki' }),
    'its JWK': JSON.stringify(jwk),
    'its numbers': Buffer.from(jwk.n ?? jwk.x ?? '', 'base64url'),
    'its numbers in base64url': jwk.n ?? jwk.x ?? '',
    nothing: '',
  };
}

/** In PKCS #1, which only RSA keys have. */
export function pkcs1(key: ForgeKey): Buffer {
  return Buffer.from(
    createPublicKey(key.publicKey.export({ format: 'pem', type: 'spki' })).export({ format: 'pem', type: 'pkcs1' }),
  );
}

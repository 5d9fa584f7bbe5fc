import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { Socket } from 'node:net';
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import { ProofError } from '../../lib/resource-server/authentication/proof-error.js';
import { ProofOfPossession, type ProofSource } from '../../lib/resource-server/authentication/proof-of-possession.js';
import type { DpopOptions, ReplayStore } from '../../lib/resource-server/authentication/proof-options.js';
import { callerLimits } from '../support/caller-limits.js';

export const RESOURCE = 'https://mcp.example.com/mcp';
export const TOKEN = 'header.claims.signature';

type Members = Record<string, unknown>;

/** A client that signs whatever a test wants signed. */
export class ProofClient {
  private constructor(
    readonly alg: string,
    readonly privateKey: CryptoKey,
    readonly publicJwk: JWK,
    readonly privateJwk: JWK,
    readonly thumbprint: string,
  ) {}

  static async start(alg = 'ES256'): Promise<ProofClient> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const privateJwk = await exportJWK(privateKey);
    return new ProofClient(alg, privateKey, publicJwk, privateJwk, await calculateJwkThumbprint(publicJwk));
  }

  /** `cnf` of tokens that are bound to this client. */
  get confirmation(): { jkt: string } {
    return { jkt: this.thumbprint };
  }

  header(members: Members = {}): Members {
    return { typ: 'dpop+jwt', alg: this.alg, jwk: this.publicJwk, ...members };
  }

  /** A good proof; members given replace the usual ones, `undefined` removes. */
  async proof(claims: Members = {}, header: Members = {}): Promise<string> {
    return await this.signed(JSON.stringify(claimsOf(claims)), header);
  }

  async signed(payload: string, header: Members = {}): Promise<string> {
    return await new CompactSign(Buffer.from(payload))
      .setProtectedHeader(this.header(header) as { alg: string })
      .sign(this.privateKey, { crit: { 'urn:example': true } });
  }

  /** A proof signed with SHA-256 by this client's key, whatever the header says. */
  forged(header: Members, claims: unknown = claimsOf()): string {
    const key = createPrivateKey({ key: { ...this.privateJwk }, format: 'jwk' });
    return forged(this.header(header), claims, (input) =>
      sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }),
    );
  }
}

export function claimsOf(claims: Members = {}): Members {
  return { jti: randomUUID(), htm: 'POST', htu: RESOURCE, iat: seconds(), ath: sha256(TOKEN), ...claims };
}

/** A JWT that no library would make. */
export function forged(header: unknown, claims: unknown, sign: (input: string) => Buffer): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${sign(input).toString('base64url')}`;
}

/** A POST with these proofs, each in a header of its own. */
export function request(...proofs: string[]): ProofSource {
  return {
    method: 'POST',
    headers: {},
    rawHeaders: ['Host', 'mcp.example.com', ...proofs.flatMap((proof) => ['DPoP', proof])],
    socket: new Socket(),
  };
}

/** Keeps what it was asked, and has never seen anything before. */
export class RecordingStore implements ReplayStore {
  readonly claims: { readonly key: string; readonly lifetimeMs: number }[] = [];

  claim(key: string, lifetimeMs: number): boolean {
    this.claims.push({ key, lifetimeMs });
    return true;
  }
}

/** What the client is told about a proof that is refused, and has taken no room in the store. */
export async function reasonAgainst(proofs: readonly string[], { confirmation }: ProofClient): Promise<string> {
  const replayStore = new RecordingStore();
  const error: unknown = await possession({ replayStore })
    .check(request(...proofs), 'dpop', TOKEN, confirmation)
    .then(
      () => new Error('The proof was accepted'),
      (reason: unknown) => reason,
    );
  if (!(error instanceof ProofError)) throw error as Error;
  if (error.error !== 'invalid_dpop_proof') throw new Error(`The proof was refused as ${error.error}`);
  if (replayStore.claims.length > 0) throw new Error('The proof took room in the store');
  return error.message;
}

export function possession(dpop: DpopOptions = {}): ProofOfPossession {
  return new ProofOfPossession({ resource: RESOURCE, dpop, mutualTls: undefined }, callerLimits().of('usedProofs'));
}

/** `accepted`, or the error that the client is told. Any other error fails the test. */
export async function outcome(check: Promise<void>): Promise<string> {
  try {
    await check;
    return 'accepted';
  } catch (error) {
    if (error instanceof ProofError) return error.error;
    throw error;
  }
}

export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

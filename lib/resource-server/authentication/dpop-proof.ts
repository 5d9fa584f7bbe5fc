import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify, type JWTPayload } from 'jose';
import { SIGNING_ALGORITHMS } from '../issuers/issuer-options.js';
import type { DpopOptions, ReplayStore } from './proof-options.js';
import { DpopNonces } from './dpop-nonce.js';
import { ProofError } from './proof-error.js';
import { claimKey, MemoryReplayStore } from './replay-store.js';

/** What a proof has to be about. */
export interface ProofSubject {
  /** Method of the request, `htm`. */
  readonly method: string | undefined;
  readonly token: string;
  /** `cnf.jkt` of the token: SHA-256 thumbprint of the key (RFC 7638). */
  readonly thumbprint: string;
}

/** Milliseconds by which a proof's `iat` may differ from now (SEP-1932). */
const LIFETIME = 300_000;

/** Seconds by which the clocks of replicas that share a store may differ. */
const CLOCK_SKEW = 60;

/** Members of a JWK that only its owner may have (RFC 7518 section 6, RFC 9964 section 3). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

const MAX_JTI_LENGTH = 256;

/** JWS compact serialization (RFC 7515 section 7.1), of which parsers take more. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Of an absolute URI, with the characters of RFC 3986 appendix A and without user information. */
const HTTP_URI = /^https?:\/\/[\w.~:[\]!$&'()*+,;=%-]+(?:[/?#][\w.~:/?#[\]@!$&'()*+,;=%-]*)?$/i;

/** Checks DPoP proofs (RFC 9449 section 4.3). */
export class DpopProofs {
  readonly algorithms: readonly string[];
  readonly #nonces: DpopNonces | undefined;
  readonly #store: ReplayStore;
  /** Seconds, as `iat` is. */
  readonly #lifetime: number;
  readonly #uri: string;

  /** @param resource - the server's own URI: what `htu` has to be, whatever `Host` says */
  constructor(resource: string, options: DpopOptions) {
    const uri = normalizeUri(resource);
    if (uri === undefined) throw new Error('Validated options have an http URL for a resource');
    this.algorithms = options.algorithms ?? SIGNING_ALGORITHMS;
    this.#nonces = options.nonceSecret === undefined ? undefined : new DpopNonces(options.nonceSecret);
    this.#store = options.replayStore ?? new MemoryReplayStore();
    this.#lifetime = (options.proofLifetimeMs ?? LIFETIME) / 1000;
    this.#uri = uri;
  }

  /** What the next proof has to carry, where nonces are demanded. */
  get nonce(): string | undefined {
    return this.#nonces?.current;
  }

  /**
   * @param rawHeaders - of the request
   * @throws {@link ProofError} if there is not exactly one proof, or it is not good
   * @throws {@link ReplayStoreError} if nobody can tell whether it was used before
   */
  async check(rawHeaders: readonly string[], subject: ProofSubject): Promise<void> {
    const [proof, ...others] = rawHeaders.filter(
      (_, index) => rawHeaders[index - 1]?.toLowerCase() === 'dpop' && index % 2 === 1,
    );
    if (proof === undefined) throw createProofError('There is no DPoP proof');
    if (others.length > 0) throw createProofError('There is more than one DPoP proof');
    const { payload, thumbprint } = await this.#verify(proof);
    const { jti, htm, htu, iat, ath, nonce } = payload;
    if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_LENGTH)
      throw createProofError('The DPoP proof has no usable jti');
    if (typeof htm !== 'string' || htm !== subject.method)
      throw createProofError('The DPoP proof is for another method');
    if (typeof htu !== 'string' || normalizeUri(htu) !== this.#uri)
      throw createProofError('The DPoP proof is for another URI');
    this.#checkNonce(nonce);
    const now = Math.floor(Date.now() / 1000);
    if (typeof iat !== 'number' || !(Math.abs(now - iat) <= this.#lifetime))
      throw createProofError('The DPoP proof is not of now');
    if (ath !== hash(subject.token)) throw createProofError('The DPoP proof is for another token');
    if (thumbprint !== subject.thumbprint)
      throw createProofError('The DPoP proof is of another key than the token is bound to');
    // Whole seconds: `iat` may have a fraction.
    const lifetime = Math.ceil(iat + this.#lifetime - now) + 1 + CLOCK_SKEW;
    if (!(await claimKey(this.#store, hash(`${thumbprint} ${jti}`), lifetime * 1000)))
      throw createProofError('The DPoP proof was used before');
  }

  async #verify(proof: string): Promise<{ payload: JWTPayload; thumbprint: string }> {
    if (!JWT.test(proof)) throw createProofError('The DPoP proof is not a JWT');
    try {
      const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
        typ: 'dpop+jwt',
        algorithms: [...this.algorithms],
      });
      const jwk = protectedHeader.jwk ?? {};
      if ('crit' in protectedHeader) throw createProofError('The DPoP proof has critical header parameters');
      if (PRIVATE_MEMBERS.some((member) => member in jwk))
        throw createProofError('The DPoP proof discloses a private key');
      return { payload, thumbprint: await calculateJwkThumbprint(jwk) };
    } catch (error) {
      throw error instanceof ProofError ? error : createProofError(`The DPoP proof ${describeProblem(error)}`);
    }
  }

  #checkNonce(nonce: unknown): void {
    if (!this.#nonces || (typeof nonce === 'string' && this.#nonces.isAccepted(nonce))) return;
    throw new ProofError('use_dpop_nonce', 'The DPoP proof needs the nonce of the DPoP-Nonce header');
  }
}

/** For the client's developer. Nothing of the proof itself is repeated. */
function describeProblem(error: unknown): string {
  if (error instanceof errors.JOSEAlgNotAllowed) return 'is signed with an algorithm that is not accepted';
  if (error instanceof errors.JWTInvalid) return 'has claims that are no JSON object';
  if (error instanceof errors.JWTExpired) return 'has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `has no usable ${error.claim}`;
  return 'is not signed with the public key in its header';
}

/** RFC 9449 section 4.3: without query and fragment, normalised as RFC 3986 sections 6.2.2 and 6.2.3 have it. */
function normalizeUri(uri: string): string | undefined {
  if (!HTTP_URI.test(uri) || !URL.canParse(uri)) return undefined;
  const { origin, pathname } = new URL(uri);
  return `${origin}${pathname.replace(/%[\da-f]{2}/gi, decodeUnreserved)}`;
}

function decodeUnreserved(octet: string): string {
  const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
  return /[\w.~-]/.test(character) ? character : octet.toUpperCase();
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function createProofError(message: string): ProofError {
  return new ProofError('invalid_dpop_proof', message);
}

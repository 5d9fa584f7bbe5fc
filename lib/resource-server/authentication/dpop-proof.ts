import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify, type JWTPayload } from 'jose';
import type { Shares } from '../../limits/shares.js';
import { compareValues, tellStart, tellTime, tellValue } from '../../errors/refusal.js';
import type { Holder } from '../../limits/tally.js';
import { BORNE_SKEW } from '../../replicas/borne-skew.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { SIGNING_ALGORITHMS } from '../issuers/issuer-options.js';
import type { DpopOptions, ReplayStore } from './proof-options.js';
import { DpopNonces } from './dpop-nonce.js';
import { readHeaderLines } from './header-lines.js';
import { createRefusedProof, describeProblem, PROXIES } from './refused-proof.js';
import { ProofError } from './proof-error.js';
import { claimKey } from './replay-store.js';
import { UsedProofs, type ProofClaim } from './used-proofs.js';

/** The request and token that a proof has to match. */
export interface ProofSubject {
  /** HTTP method of the request: `htm` of the proof. */
  readonly method: string | undefined;
  readonly token: string;
  /** `cnf.jkt` of the token: SHA-256 thumbprint of the key (RFC 7638). */
  readonly thumbprint: string;
  /** The caller. */
  readonly holder: Holder | undefined;
}

/** Maximum difference between a proof's `iat` and now, in milliseconds (SEP-1932). */
const LIFETIME = 300_000;

/** Milliseconds by which the clock of this process may be set back while a proof that it remembers stays refused. */
const SET_BACK = 60_000;

/** Private members of a JWK (RFC 7518 section 6, RFC 9964 section 3). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

const MAX_JTI_LENGTH = 256;

/** JWS compact serialization (RFC 7515 section 7.1). Parsers accept more than this. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** An absolute URI in the characters of RFC 3986 appendix A, without user information. */
const HTTP_URI = /^https?:\/\/[\w.~:[\]!$&'()*+,;=%-]+(?:[/?#][\w.~:/?#[\]@!$&'()*+,;=%-]*)?$/i;

/** Checks DPoP proofs (RFC 9449 section 4.3). */
export class DpopProofs {
  readonly algorithms: readonly string[];
  readonly #nonces: DpopNonces | undefined;
  /** Of the application. */
  readonly #store: ReplayStore | undefined;
  readonly #used: UsedProofs;
  /** In seconds, like `iat`. */
  readonly #lifetime: number;
  readonly #uri: string;

  /**
   * @param resource - the server's own URI. `htu` has to match it, whatever the `Host` header says
   * @param shares - of used proofs
   */
  constructor(resource: string, options: DpopOptions, shares: Shares) {
    const uri = normalizeUri(resource);
    if (uri === undefined) throw new Error('Validated options have an http URL for a resource');
    this.algorithms = options.algorithms ?? SIGNING_ALGORITHMS;
    this.#nonces = options.nonceSecret === undefined ? undefined : new DpopNonces(options.nonceSecret);
    this.#store = options.replayStore;
    this.#used = new UsedProofs(shares);
    this.#lifetime = (options.proofLifetimeMs ?? LIFETIME) / 1000;
    this.#uri = uri;
  }

  /** The nonce for the next proof, if nonces are required. */
  get nonce(): string | undefined {
    return this.#nonces?.current;
  }

  /**
   * @param rawHeaders - raw headers of the request
   * @throws {@link ProofError} if there is not exactly one proof, or the proof is invalid
   * @throws {@link ReplayStoreError} if the store cannot tell whether the proof was used before
   */
  async check(rawHeaders: readonly string[], subject: ProofSubject): Promise<void> {
    const [proof, ...others] = readHeaderLines(rawHeaders, 'dpop');
    if (proof === undefined) throw createRefusedProof('There is no DPoP proof', 'its header DPoP is missing', PROXIES);
    if (others.length > 0)
      throw createRefusedProof('There is more than one DPoP proof', `there are ${others.length + 1}`, PROXIES);
    const { payload, thumbprint } = await this.#verify(proof);
    const { jti, htm, htu, iat, ath, nonce } = payload;
    if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_LENGTH)
      throw createRefusedProof(
        'The DPoP proof has no usable jti',
        compareValues(
          'its jti',
          typeof jti === 'string' ? `${jti.length} characters` : jti,
          `a text of 1 to ${MAX_JTI_LENGTH} characters`,
        ),
      );
    if (typeof htm !== 'string' || htm !== subject.method)
      throw createRefusedProof(
        'The DPoP proof is for another method',
        compareValues('its htm', htm, [subject.method ?? '']),
      );
    if (typeof htu !== 'string' || normalizeUri(htu) !== this.#uri)
      throw createRefusedProof(
        'The DPoP proof is for another URI',
        compareValues('its htu', typeof htu === 'string' ? withoutQuery(htu) : htu, [this.#uri]),
        'Give clients the URL that `resource` has, or set `resource` to the URL that they use.',
      );
    this.#checkNonce(nonce);
    const now = Math.floor(Date.now() / 1000);
    if (typeof iat !== 'number' || !(Math.abs(now - iat) <= this.#lifetime))
      throw createRefusedProof(
        'The DPoP proof is too old, or from the future',
        `its iat is ${tellTime(iat)}, and wanted is a time within ${this.#lifetime} s of ${tellTime(now)}, the time here`,
        'Have the client set its clock. `proof.dpop.proofLifetimeMs` is the difference that is accepted.',
      );
    const expected = hash(subject.token);
    if (ath !== expected)
      throw createRefusedProof(
        'The DPoP proof is for another token',
        `its ath begins with ${tellStart(ath)}, and the hash of the token with ${tellStart(expected)}`,
      );
    if (thumbprint !== subject.thumbprint)
      throw createRefusedProof(
        'The DPoP proof is signed with another key than the one that the token is bound to',
        `the thumbprint of its key begins with ${tellStart(thumbprint)}, and cnf.jkt of the token with ${tellStart(subject.thumbprint)}`,
      );
    // Rounded up to whole seconds, because `iat` may have a fraction.
    const left = Math.ceil(iat + this.#lifetime - now) + 1;
    const claim = {
      key: deriveKey('proof', thumbprint, jti),
      holder: subject.holder,
      iat,
      // Another replica may accept the proof until its own clock says that it is too old.
      lifetimeMs: left * 1000 + (this.#store ? BORNE_SKEW : SET_BACK),
    };
    if (!(await this.#claim(claim)))
      throw createRefusedProof(
        'The DPoP proof was used before',
        `its jti is ${tellValue(jti)}`,
        'Nothing, if it is rare. A client, or a proxy that repeats requests, has to make a new proof for each.',
      );
  }

  async #claim(claim: ProofClaim): Promise<boolean> {
    return this.#store ? await claimKey(this.#store, claim.key, claim.lifetimeMs) : this.#used.claim(claim);
  }

  async #verify(proof: string): Promise<{ payload: JWTPayload; thumbprint: string }> {
    if (!JWT.test(proof))
      throw createRefusedProof('The DPoP proof is not a JWT', `it has ${proof.length} characters`, PROXIES);
    try {
      const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
        typ: 'dpop+jwt',
        algorithms: [...this.algorithms],
      });
      const jwk = protectedHeader.jwk ?? {};
      if ('crit' in protectedHeader)
        throw createRefusedProof(
          'The DPoP proof has critical header parameters',
          `its crit is ${tellValue(protectedHeader.crit)}`,
        );
      const disclosed = PRIVATE_MEMBERS.filter((member) => member in jwk);
      if (disclosed.length > 0)
        throw createRefusedProof('The DPoP proof discloses a private key', `its jwk has ${disclosed.join(', ')}`);
      return { payload, thumbprint: await calculateJwkThumbprint(jwk) };
    } catch (error) {
      throw error instanceof ProofError ? error : describeProblem(error, proof, this.algorithms);
    }
  }

  #checkNonce(nonce: unknown): void {
    if (!this.#nonces || (typeof nonce === 'string' && this.#nonces.isAccepted(nonce))) return;
    throw new ProofError('use_dpop_nonce', 'The DPoP proof needs the nonce of the DPoP-Nonce header', {
      detail: compareValues('its nonce', nonce, 'one of the last ten minutes'),
      fix: 'Nothing, if the client tries again with the new one. Replicas have to share `proof.dpop.nonceSecret`, and proxies have to let DPoP-Nonce through.',
    });
  }
}

/** Removes query and fragment (RFC 9449 section 4.3) and normalizes (RFC 3986 sections 6.2.2 and 6.2.3). */
function normalizeUri(uri: string): string | undefined {
  if (!HTTP_URI.test(uri) || !URL.canParse(uri)) return undefined;
  const { origin, pathname } = new URL(uri);
  return `${origin}${pathname.replace(/%[\da-f]{2}/gi, decodeUnreserved)}`;
}

function decodeUnreserved(octet: string): string {
  const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
  return /[\w.~-]/.test(character) ? character : octet.toUpperCase();
}

/** Query and fragment may hold anything. */
function withoutQuery(uri: string): string {
  return uri.replace(/[?#].*$/s, '');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

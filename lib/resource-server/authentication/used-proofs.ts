import { FairCache } from '../../limits/fair-cache.js';
import type { Shares } from '../../limits/shares.js';
import type { Holder } from '../../limits/tally.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { ReplayStoreError } from './replay-store.js';

/** A proof that is used. */
export interface ProofClaim {
  /** Identifies the proof. */
  readonly key: string;
  /** The caller who uses it. */
  readonly holder: Holder | undefined;
  /** When it was made, in seconds since the epoch. */
  readonly iat: number;
  /** How long to remember it, in milliseconds. */
  readonly lifetimeMs: number;
}

/** A proof that was used, in the wall-clock time of `iat`. */
interface UsedProof {
  readonly user: string;
  readonly iat: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Milliseconds between two searches for expired proofs, normally and when there is no room. */
const SWEEP_EVERY = 60_000;
const SWEEP_EVERY_WHEN_FULL = 1_000;

/** Maximum number of users who have lost proofs lately. */
const MAX_FLOORS = 50_000;

/**
 * Remembers used proofs in the memory of this process. When a caller has no room for another one, its oldest is
 * forgotten, and from then on none of its user that is as old is accepted. So no proof is accepted twice, and nobody
 * fills the store for others.
 */
export class UsedProofs {
  readonly #proofs: FairCache<UsedProof>;
  /** Of each user who has lost proofs: the youngest of them. */
  readonly #floors = new Map<string, UsedProof>();
  #sweptAt = 0;

  /** @param shares - of used proofs */
  constructor(shares: Shares) {
    this.#proofs = new FairCache(shares, (_key, proof) => {
      this.#raiseFloor(proof);
    });
    shares.onFull(() => {
      this.#sweep(SWEEP_EVERY_WHEN_FULL);
    });
  }

  /** Number of proofs that are remembered. */
  get size(): number {
    return this.#proofs.size;
  }

  /**
   * Uses a proof.
   *
   * @returns whether it was certainly not used before
   * @throws {@link ReplayStoreError} if that cannot be remembered
   */
  claim({ key, holder, iat, lifetimeMs }: ProofClaim): boolean {
    this.#sweep(SWEEP_EVERY);
    if (this.#floors.size >= MAX_FLOORS) this.#sweep(SWEEP_EVERY_WHEN_FULL);
    if (this.#floors.size >= MAX_FLOORS) throw createFullError();
    const now = Date.now();
    const known = this.#proofs.get(key);
    if (known && known.until > now) return false;
    const user = deriveKey('proof-user', holder?.issuer, holder?.subject);
    const floor = this.#floors.get(user);
    if (floor && floor.until > now && iat <= floor.iat) return false;
    const proof = { user, iat, until: now + lifetimeMs };
    // Proofs expire by the wall clock, like the check of their `iat`.
    if (this.#proofs.offer(key, proof, { holder, lifetimeMs: Number.POSITIVE_INFINITY })) return true;
    throw createFullError();
  }

  #raiseFloor({ user, iat, until }: UsedProof): void {
    const floor = this.#floors.get(user);
    const raised = { user, iat: Math.max(iat, floor?.iat ?? iat), until: Math.max(until, floor?.until ?? until) };
    this.#floors.set(user, raised);
  }

  /** Deletes what has expired. Runs rarely, even when full, so that an attacker cannot force a search each time. */
  #sweep(interval: number): void {
    const now = Date.now();
    if (Math.abs(now - this.#sweptAt) < interval) return;
    this.#sweptAt = now;
    this.#proofs.deleteAll(({ until }) => until <= now);
    for (const [user, { until }] of this.#floors) if (until <= now) this.#floors.delete(user);
  }
}

function createFullError(): ReplayStoreError {
  return new ReplayStoreError('Too many proofs are in use', {
    detail: 'there is no room to remember its jti',
    fix: 'Set `proof.dpop.replayStore`, which has more room, or add replicas. A lower `proof.dpop.proofLifetimeMs` frees room earlier.',
  });
}

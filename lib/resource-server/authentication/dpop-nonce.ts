import { createHmac, timingSafeEqual } from 'node:crypto';
import { BORNE_SKEW } from '../../replicas/borne-skew.js';

/** Milliseconds until a nonce is replaced. The previous nonce stays valid for the same time again. */
const SLOT = 5 * 60_000;

/** Slots by which the clock of a replica may be ahead. Without the secret nobody makes a nonce of a later one. */
const SLOTS_AHEAD = Math.ceil(BORNE_SKEW / SLOT);

/** Stateless nonces: an HMAC over the wall-clock time, so that replicas agree on them (RFC 9449 section 9). */
export class DpopNonces {
  readonly #secret: string;
  readonly #accepted: readonly string[];

  /** @param secrets - one, or several: the first makes nonces, and nonces of all are accepted */
  constructor(secrets: string | readonly string[]) {
    const [secret, ...others] = [secrets].flat();
    if (secret === undefined) throw new Error('Validated options have a secret');
    this.#secret = secret;
    this.#accepted = [secret, ...others];
  }

  get current(): string {
    return computeNonce(this.#secret, Math.floor(Date.now() / SLOT));
  }

  /**
   * Whether a nonce is the current or the previous one, or a later one of a replica whose clock is ahead. That replica
   * may refuse a nonce of this one, and the client then has one that both accept.
   */
  isAccepted(nonce: string): boolean {
    const slot = Math.floor(Date.now() / SLOT);
    for (const secret of this.#accepted)
      for (let candidate = slot - 1; candidate <= slot + SLOTS_AHEAD; candidate += 1)
        if (isSame(nonce, computeNonce(secret, candidate))) return true;
    return false;
  }
}

function computeNonce(secret: string, slot: number): string {
  return createHmac('sha256', secret).update(`dpop-nonce ${slot}`).digest('base64url');
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

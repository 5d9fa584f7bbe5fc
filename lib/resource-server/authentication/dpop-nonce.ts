import { createHmac, timingSafeEqual } from 'node:crypto';
import { BORNE_SKEW } from '../../replicas/borne-skew.js';

/** Milliseconds until a nonce is replaced. The previous nonce stays valid for the same time again. */
const SLOT = 5 * 60_000;

/** Slots by which the clock of a replica may be ahead. Without the secret nobody makes a nonce of a later one. */
const SLOTS_AHEAD = Math.ceil(BORNE_SKEW / SLOT);

/** Stateless nonces: an HMAC over the wall-clock time, so that replicas agree on them (RFC 9449 section 9). */
export class DpopNonces {
  constructor(private readonly secret: string) {}

  get current(): string {
    return this.#computeNonce(Math.floor(Date.now() / SLOT));
  }

  /**
   * Whether a nonce is the current or the previous one, or a later one of a replica whose clock is ahead. That replica
   * may refuse a nonce of this one, and the client then has one that both accept.
   */
  isAccepted(nonce: string): boolean {
    const slot = Math.floor(Date.now() / SLOT);
    for (let candidate = slot - 1; candidate <= slot + SLOTS_AHEAD; candidate += 1)
      if (isSame(nonce, this.#computeNonce(candidate))) return true;
    return false;
  }

  #computeNonce(slot: number): string {
    return createHmac('sha256', this.secret).update(`dpop-nonce ${slot}`).digest('base64url');
  }
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

import { createHmac, timingSafeEqual } from 'node:crypto';

/** Milliseconds until a nonce is replaced. The previous nonce stays valid for the same time again. */
const SLOT = 5 * 60_000;

/** Stateless nonces: an HMAC over the wall-clock time, so that replicas agree on them (RFC 9449 section 9). */
export class DpopNonces {
  constructor(private readonly secret: string) {}

  get current(): string {
    return this.#computeNonce(Math.floor(Date.now() / SLOT));
  }

  /** Whether a nonce is the current or the previous one. */
  isAccepted(nonce: string): boolean {
    const slot = Math.floor(Date.now() / SLOT);
    return [slot, slot - 1].some((candidate) => isSame(nonce, this.#computeNonce(candidate)));
  }

  #computeNonce(slot: number): string {
    return createHmac('sha256', this.secret).update(`dpop-nonce ${slot}`).digest('base64url');
  }
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

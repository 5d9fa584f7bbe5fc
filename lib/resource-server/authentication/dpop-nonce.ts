import { createHmac, timingSafeEqual } from 'node:crypto';

/** Milliseconds after which a nonce is replaced; the one before is taken for as long again. */
const SLOT = 5 * 60_000;

/** Nonces that need no memory: an HMAC over the time on the wall, which replicas share (RFC 9449 section 9). */
export class DpopNonces {
  constructor(private readonly secret: string) {}

  get current(): string {
    return this.#computeNonce(Math.floor(Date.now() / SLOT));
  }

  /** Whether a nonce is the present one, or the one before. */
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

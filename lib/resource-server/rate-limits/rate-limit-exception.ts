import { ThrottlerException } from '@nestjs/throttler';
import type { RateLimit } from '../../limits/rate-limit-options.js';

/** Which limit was reached, and by what. */
export interface ReachedLimit {
  /** Method of the message; `undefined` if it has none. */
  readonly method: string | undefined;
  /** Seconds after which the caller may try again. */
  readonly retryAfterSeconds: number;
  /** Name of the throttler. */
  readonly throttler: string;
  /** How often it lets a caller, or a user with all clients together, ask. */
  readonly allowed: RateLimit;
}

/** A caller has asked too often (RFC 6585 section 4). */
export class RateLimitException extends ThrottlerException {
  readonly method: string | undefined;
  readonly retryAfterSeconds: number;
  readonly throttler: string;
  readonly allowed: RateLimit;

  constructor(message: string, { method, retryAfterSeconds, throttler, allowed }: ReachedLimit) {
    super(message);
    this.method = method;
    this.retryAfterSeconds = retryAfterSeconds;
    this.throttler = throttler;
    this.allowed = allowed;
  }
}

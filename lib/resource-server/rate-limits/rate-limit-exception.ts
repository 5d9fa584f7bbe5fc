import { ThrottlerException } from '@nestjs/throttler';

/** Which limit was reached, and by what. */
export interface ReachedLimit {
  /** Seconds after which the caller may try again. */
  readonly retryAfterSeconds: number;
  /** Name of the throttler. */
  readonly throttler: string;
}

/** A caller has asked too often (RFC 6585 section 4). */
export class RateLimitException extends ThrottlerException {
  readonly retryAfterSeconds: number;
  readonly throttler: string;

  constructor(message: string, { retryAfterSeconds, throttler }: ReachedLimit) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
    this.throttler = throttler;
  }
}

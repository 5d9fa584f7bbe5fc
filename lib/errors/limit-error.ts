import type { LimitCode } from './error-codes.js';
import { McpAuthError } from './mcp-auth-error.js';

/** Milliseconds after which to try again. */
const RETRY_AFTER = 2_000;

/** A caller, or all callers together, hold as much as they may (`limits` of the options). The message is for clients. */
export class LimitError extends McpAuthError {
  /** Milliseconds after which to try again. */
  readonly retryAfterMs: number = RETRY_AFTER;

  /**
   * @param code - stable
   * @param quantity - what there is too much of, as an option of `limits.perCaller` names it
   * @param message - what the client has to do. Contains nothing about other callers
   */
  constructor(
    /** Stable name of the limit. */
    readonly code: LimitCode,
    /** What there is too much of, as an option of `limits.perCaller` names it. */
    readonly quantity: string,
    message: string,
  ) {
    super(message);
  }
}

import type { SharedStoreCode } from './error-codes.js';
import { McpAuthError } from './mcp-auth-error.js';

/** A store that replicas share did not do what it was asked. The message is for the log, and may have the store's words. */
export class SharedStoreError extends McpAuthError {
  /**
   * @param code - stable
   * @param message - why, for the operator
   */
  constructor(
    /** Stable name of what the store did not do. */
    readonly code: SharedStoreCode,
    message: string,
  ) {
    super(message);
  }
}

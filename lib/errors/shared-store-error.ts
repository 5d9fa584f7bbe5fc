import type { SharedStoreCode } from './error-codes.js';
import { McpAuthError } from './mcp-auth-error.js';

/** A store that replicas share failed. The message is for the log, and may quote the store. */
export class SharedStoreError extends McpAuthError {
  /**
   * @param code - stable
   * @param message - why, for the operator
   */
  constructor(
    /** Stable name of the failure. */
    readonly code: SharedStoreCode,
    message: string,
  ) {
    super(message);
  }
}

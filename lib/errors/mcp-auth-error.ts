import type { McpAuthErrorCode } from './error-codes.js';

/** Base of every error that this package throws. `code` is stable; messages may change. */
export abstract class McpAuthError extends Error {
  /** Stable, machine-readable name of what went wrong. */
  abstract readonly code: McpAuthErrorCode;

  /** Name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}

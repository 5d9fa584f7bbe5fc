import { McpAuthError } from '../../errors/mcp-auth-error.js';
import type { Refusal } from '../../errors/refusal.js';

/** A token that is not valid for this server (RFC 6750 section 3.1). The message may be shown to its sender. */
export class InvalidTokenError extends McpAuthError {
  readonly code = 'invalid_token';

  /** @param refusal - for operators alone */
  constructor(
    message: string,
    readonly refusal: Refusal,
  ) {
    super(message);
  }
}

import { McpAuthError } from '../../errors/mcp-auth-error.js';

/** A token that is not good here (RFC 6750 section 3.1). The message may be shown to whoever sent it. */
export class InvalidTokenError extends McpAuthError {
  readonly code = 'invalid_token';

  /** @param detail - more of why, for operators alone */
  constructor(
    message: string,
    readonly detail?: string,
  ) {
    super(message);
  }
}

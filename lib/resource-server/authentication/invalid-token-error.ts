import { McpAuthError } from '../../errors/mcp-auth-error.js';
import type { Refusal } from '../../errors/refusal.js';
import type { TokenProblem } from '../../observability/audit-links.js';

/** Why a token is not valid, for operators alone. */
export interface TokenRefusal extends Refusal {
  readonly problem: TokenProblem;
}

/** A token that is not valid for this server (RFC 6750 section 3.1). The message may be shown to its sender. */
export class InvalidTokenError extends McpAuthError {
  readonly code = 'invalid_token';

  /** @param refusal - for operators alone */
  constructor(
    message: string,
    readonly refusal: TokenRefusal,
  ) {
    super(message);
  }
}

import { McpAuthError } from '../../errors/mcp-auth-error.js';
import type { Refusal } from '../../errors/refusal.js';

/** The sender of a token does not prove possession of its key. The message may be shown to the sender. */
export class ProofError extends McpAuthError {
  readonly code = 'invalid_proof';

  /**
   * @param error - `error` of the challenge (RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9)
   * @param refusal - for operators alone
   */
  constructor(
    readonly error: 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce',
    message: string,
    readonly refusal: Refusal,
  ) {
    super(message);
  }
}

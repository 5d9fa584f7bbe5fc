import { McpAuthError } from '../../errors/mcp-auth-error.js';

/** The sender of a token does not prove possession of its key. The message may be shown to the sender. */
export class ProofError extends McpAuthError {
  readonly code = 'invalid_proof';

  /** @param error - `error` of the challenge (RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9) */
  constructor(
    readonly error: 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce',
    message: string,
  ) {
    super(message);
  }
}

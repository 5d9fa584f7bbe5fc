import { McpAuthError } from '../../errors/mcp-auth-error.js';

/** A token whose sender does not prove to have its key. The message may be shown to whoever sent it. */
export class ProofError extends McpAuthError {
  readonly code = 'invalid_proof';

  /** @param error - for the challenge (RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9) */
  constructor(
    readonly error: 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce',
    message: string,
  ) {
    super(message);
  }
}

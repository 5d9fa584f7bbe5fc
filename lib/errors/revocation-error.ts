import { McpAuthError } from './mcp-auth-error.js';

/** Tokens were removed in this process, but other replicas may still use them. Try again. */
export class RevocationError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'revocation_incomplete';
}

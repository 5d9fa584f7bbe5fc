import { McpAuthError } from './mcp-auth-error.js';

/** Tokens were forgotten in this process, but other replicas may go on using them. Try again. */
export class RevocationError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'revocation_incomplete';
}

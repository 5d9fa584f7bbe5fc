import { McpAuthError } from './mcp-auth-error.js';

/** Tokens were forgotten in this process, but other replicas may go on using them. Try again. */
export class RevocationError extends McpAuthError {
  readonly code = 'revocation_incomplete';
}

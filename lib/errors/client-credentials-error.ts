import { McpAuthError } from './mcp-auth-error.js';

/** The client's credentials are not available at run time. The operator has to fix this. */
export class ClientCredentialsError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'client_credentials_unavailable';
}

import { McpAuthError } from './mcp-auth-error.js';

/** The client's credentials cannot be had while the server runs. Whoever runs it has to see to that. */
export class ClientCredentialsError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'client_credentials_unavailable';
}

import { McpAuthError } from '../../errors/mcp-auth-error.js';

/** An invalid logout token. The message is for the log. */
export class LogoutTokenError extends McpAuthError {
  readonly code = 'invalid_logout_token';

  /** @param isSigned - whether an issuer signed the token, so that an operator should look into the problem */
  constructor(
    message: string,
    readonly isSigned: boolean,
  ) {
    super(message);
  }
}

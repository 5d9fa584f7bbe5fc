import { McpAuthError } from '../../errors/mcp-auth-error.js';

/** A logout token that is not good here. The message is for the log. */
export class LogoutTokenError extends McpAuthError {
  readonly code = 'invalid_logout_token';

  /** @param isSigned - whether an issuer did sign it, so that somebody has to look into what is wrong with it */
  constructor(
    message: string,
    readonly isSigned: boolean,
  ) {
    super(message);
  }
}

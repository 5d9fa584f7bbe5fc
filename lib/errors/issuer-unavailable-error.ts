import { McpAuthError } from './mcp-auth-error.js';

/** An issuer's metadata or keys cannot be had right now: nobody's token can be judged, which is no fault of the token. */
export class IssuerUnavailableError extends McpAuthError {
  readonly code = 'issuer_unusable';

  /**
   * @param issuer - the issuer identifier
   * @param reason - why, for the operator
   */
  constructor(
    readonly issuer: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`The issuer ${issuer} is unavailable: ${reason}`, options);
  }
}

import { McpAuthError } from './mcp-auth-error.js';

/** An issuer's metadata or keys are not available now. No token can be verified, valid or not. */
export class IssuerUnusableError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'issuer_unusable';

  /**
   * @param issuer - the issuer identifier
   * @param reason - why, for the operator
   * @param options - `cause`
   */
  constructor(
    /** The issuer identifier (RFC 8414 section 2). */
    readonly issuer: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`The issuer ${issuer} is unavailable: ${reason}`, options);
  }
}

import { McpAuthError } from './mcp-auth-error.js';

/** What a token endpoint answered instead of a token, or why there was no answer. */
export interface TokenEndpointFailure {
  /** HTTP status; `undefined` where there was no answer. */
  readonly status?: number | undefined;
  /** `error` (RFC 6749 section 5.2). */
  readonly error?: string | undefined;
  /** `suberror`, a further code of the provider (Entra ID). */
  readonly suberror?: string | undefined;
  /** A claims request as JSON, which the token request has to contain. */
  readonly claims?: string | undefined;
  /** Authentication contexts that the provider asks for (RFC 9470 section 3). */
  readonly acrValues?: readonly string[] | undefined;
  /** Maximum milliseconds since the user signed in (RFC 9470 section 3). */
  readonly maxAgeMs?: number | undefined;
  /** `Retry-After`, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether a successful answer is not usable, such as garbage or a token of another type. */
  readonly unusable?: boolean | undefined;
  /** Whether the token endpoint is not that of the caller's issuer. It then did not refuse the caller's own token. */
  readonly foreign?: boolean | undefined;
  /** Whether introspection reports the subject token as active (RFC 7662). The cause is then something else. */
  readonly subjectIsActive?: boolean | undefined;
  /** Whether the request timed out. */
  readonly timedOut?: boolean | undefined;
}

/** A token endpoint gave no usable token. The message is for the log, and contains no tokens or assertions. */
export class TokenEndpointError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'token_endpoint_failed';

  /**
   * @param message - why, for the log. Must not contain tokens or assertions
   * @param failure - what the token endpoint answered
   */
  constructor(
    message: string,
    /** What the token endpoint answered. */
    readonly failure: TokenEndpointFailure,
  ) {
    super(message);
  }
}

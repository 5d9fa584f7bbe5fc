import { McpAuthError } from './mcp-auth-error.js';

/** What a token endpoint answered instead of a token, or why there was no answer. */
export interface TokenEndpointFailure {
  /** HTTP status; `undefined` where there was no answer. */
  readonly status?: number | undefined;
  /** `error` (RFC 6749 section 5.2). */
  readonly error?: string | undefined;
  /** What the provider says besides (Entra ID). */
  readonly suberror?: string | undefined;
  /** A claims request as JSON, which a token has to be asked for with. */
  readonly claims?: string | undefined;
  /** Authentication contexts that the provider asks for (RFC 9470 section 3). */
  readonly acrValues?: readonly string[] | undefined;
  /** Milliseconds ago that the user may have signed in at most (RFC 9470 section 3). */
  readonly maxAgeMs?: number | undefined;
  /** `Retry-After`, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether an answer of 200 cannot be used: garbage, a token of another type. */
  readonly unusable?: boolean | undefined;
  /** Whether it is not the token endpoint of the caller's issuer: what it refuses is not what came in. */
  readonly foreign?: boolean | undefined;
  /** Whether the issuer says, when asked, that the subject token is good (RFC 7662): something else is wrong then. */
  readonly subjectIsActive?: boolean | undefined;
  /** Whether it took too long. */
  readonly timedOut?: boolean | undefined;
}

/** A token endpoint gave no usable token. The message is for the log: it has nothing of tokens and assertions. */
export class TokenEndpointError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'token_endpoint_failed';

  /**
   * @param message - why, for the log. Has to have nothing of tokens and assertions
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

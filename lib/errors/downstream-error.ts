import { McpAuthError } from './mcp-auth-error.js';

/** What the developer of a tool did wrong; stable. */
export type DownstreamUsageCode =
  /** The tool reached for a downstream that its `downstream` does not name. */
  | 'downstream_not_declared'
  /** The tool declares several downstreams and did not say which; `for(name)` does. */
  | 'downstream_ambiguous'
  /** `DownstreamClient` was used where no tool runs, or after its call had ended. */
  | 'downstream_outside_call'
  /** The request's URL leaves the downstream's `baseUrl`. */
  | 'downstream_outside_base_url';

/** What the API answered; stable. */
export type DownstreamAnswerCode =
  /** A status of 3xx or 4xx that has no code of its own; see `status`. */
  | 'downstream_status'
  /** A redirect that must not be followed. */
  | 'downstream_redirect'
  /** A body that is not JSON. */
  | 'downstream_body'
  /** A body larger than `maxJsonSize`. */
  | 'downstream_body_too_large';

/** What only the caller can do something about; stable. */
export type CallerActionCode =
  /** The provider no longer accepts the token that came in: its session is over, or it was revoked. Sign in again. */
  | 'caller_token_rejected'
  /** The provider wants a token that was asked for with certain `claims`. */
  | 'caller_claims_required'
  /** The user has to sign in anew, or in a stronger way (RFC 9470). */
  | 'caller_authentication_insufficient'
  /** A scope is missing that the caller can ask for. */
  | 'caller_scope_insufficient'
  /** The user has not consented, and there is a page for it. */
  | 'caller_consent_required'
  /** The user's account at the API is not linked yet, and there is a page for it. */
  | 'caller_account_not_linked'
  /** The caller has not been given the access; somebody else has to. */
  | 'caller_access_denied'
  /** The token stands for no user, on whose behalf to call. */
  | 'caller_without_user';

/** What only the operator of this server can do something about; stable. */
export type OperatorActionCode =
  /** The server's own credentials were refused, or it may not use the grant. */
  | 'client_rejected'
  /** The provider does not know the target, or not for this client. */
  | 'target_unknown'
  /** The configuration does not fit the provider, or the caller's issuer. */
  | 'exchange_misconfigured'
  /** The provider's answer cannot be used. */
  | 'exchange_answer_unusable';

/** What passes; stable. */
export type TemporaryFailureCode =
  /** The provider could not be reached, took too long, or failed. */
  | 'issuer_unavailable'
  /** The provider is asked too often. */
  | 'issuer_rate_limited'
  /** The API could not be reached, broke off its answer, or failed. */
  | 'downstream_unreachable'
  /** The API took too long. */
  | 'downstream_timeout'
  /** The API failed: a status of 5xx. */
  | 'downstream_failed'
  /** The API is asked too often: a status of 429. */
  | 'downstream_rate_limited'
  /** Too many calls of the API run at once, or it failed so often that it is left alone for a while. */
  | 'downstream_overloaded';

/** Stable names of what can go wrong between a tool and its downstream. */
export type DownstreamErrorCode =
  DownstreamUsageCode | DownstreamAnswerCode | CallerActionCode | OperatorActionCode | TemporaryFailureCode;

/** Details of a {@link DownstreamError}. */
export interface DownstreamErrorOptions extends ErrorOptions {
  /** Name of the downstream. */
  downstream?: string;
  /** HTTP status that the downstream answered with. */
  status?: number;
  /** What the tool's result tells the model and its user; without it, nothing of the cause. */
  advice?: string;
}

/** A tool could not reach its downstream. The message is for the log; `advice` is for the result. */
export class DownstreamError extends McpAuthError {
  readonly downstream: string | undefined;
  readonly status: number | undefined;
  readonly advice: string | undefined;

  constructor(
    readonly code: DownstreamErrorCode,
    message: string,
    { downstream, status, advice, ...options }: DownstreamErrorOptions = {},
  ) {
    super(message, options);
    this.downstream = downstream;
    this.status = status;
    this.advice = advice;
  }
}

/** Causes may go in circles. */
const MAX_CAUSES = 8;

/** The error itself, or what it was caused by: HTTP clients around `DownstreamClient` wrap what it throws. */
export function downstreamErrorIn(error: unknown): DownstreamError | undefined {
  let candidate = error;
  for (let depth = 0; depth <= MAX_CAUSES && candidate instanceof Error; depth += 1) {
    if (candidate instanceof DownstreamError) return candidate;
    candidate = candidate.cause;
  }
  return undefined;
}

/** A challenge that tells a client what to come back with. */
export type ChallengeRemedy =
  /** 401 `invalid_token` (RFC 6750 section 3.1). */
  | { readonly challenge: 'invalid_token' }
  /** 401 with the claims request, as JSON. */
  | { readonly challenge: 'insufficient_claims'; readonly claims: string }
  /** 401 (RFC 9470 section 3). */
  | {
      readonly challenge: 'insufficient_user_authentication';
      readonly acrValues: readonly string[];
      readonly maxAge: number | undefined;
    }
  /** 403 with scopes of this server (RFC 6750 section 3.1). */
  | { readonly challenge: 'insufficient_scope'; readonly scopes: readonly string[] };

/** A page that the user has to open (MCP, URL mode elicitation). */
export interface PageRemedy {
  /** Makes its address, for this caller alone. */
  readonly page: () => Promise<string> | string;
  /** What for, in words for the user. */
  readonly message: string;
}

/** How a client is told what its user has to do. */
export type CallerRemedy = ChallengeRemedy | PageRemedy;

/** The caller has to act: sign in again, consent, ask for more. Clients are challenged where that can help. */
export class CallerActionError extends DownstreamError {
  /** `undefined` where nothing that a client does would help. */
  readonly remedy: CallerRemedy | undefined;

  constructor(
    override readonly code: CallerActionCode,
    message: string,
    { remedy, ...options }: DownstreamErrorOptions & { readonly remedy?: CallerRemedy } = {},
  ) {
    super(code, message, options);
    this.remedy = remedy;
  }
}

/** The operator of this server has to act; a caller is told no more than that. */
export class OperatorActionError extends DownstreamError {
  constructor(
    override readonly code: OperatorActionCode,
    message: string,
    options?: DownstreamErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** It will pass: the same call can be made again later. */
export class TemporaryFailureError extends DownstreamError {
  /** Seconds after which to try again, where somebody said so. */
  readonly retryAfter: number | undefined;

  constructor(
    override readonly code: TemporaryFailureCode,
    message: string,
    { retryAfter, ...options }: DownstreamErrorOptions & { readonly retryAfter?: number | undefined } = {},
  ) {
    super(code, message, options);
    this.retryAfter = retryAfter;
  }
}

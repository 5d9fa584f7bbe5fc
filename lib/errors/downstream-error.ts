import type { CallerActionCode, DownstreamErrorCode, OperatorActionCode, TemporaryFailureCode } from './error-codes.js';
import { McpAuthError } from './mcp-auth-error.js';
import { toReadable } from './reason.js';

/** Details of a {@link DownstreamError}. */
export interface DownstreamErrorOptions extends ErrorOptions {
  /** Name of the downstream. */
  downstream?: string;
  /** HTTP status that the downstream answered with. */
  status?: number;
  /** Text for the model and its user in the tool's result. Without it the result does not mention the cause. */
  advice?: string;
  /** What would change it, for operators: it is logged after the message. No client sees it. */
  fix?: string;
}

/** A tool could not reach its downstream. The message is for the log; `advice` is for the result. */
export class DownstreamError extends McpAuthError {
  /** Name of the downstream; `undefined` if the tool did not name one. */
  readonly downstream: string | undefined;
  /** HTTP status that the downstream answered with; `undefined` where it did not answer. */
  readonly status: number | undefined;
  /** Text for the model and its user in the tool's result. If `undefined`, the result does not mention the cause. */
  readonly advice: string | undefined;
  /** What would change it, for operators; `undefined` if nothing of theirs would. */
  readonly fix: string | undefined;

  /**
   * @param code - stable name of what went wrong
   * @param message - why, for the log
   * @param options - details, and the `cause`
   */
  constructor(
    /** Stable name of what went wrong. */
    readonly code: DownstreamErrorCode,
    message: string,
    { downstream, status, advice, fix, ...options }: DownstreamErrorOptions = {},
  ) {
    super(message, options);
    this.downstream = downstream;
    this.status = status;
    this.advice = advice;
    this.fix = fix;
  }
}

/** Causes may be circular. */
const MAX_CAUSES = 8;

/**
 * The error itself, or the first downstream error among its causes. HTTP clients around `DownstreamClient` wrap its
 * errors.
 */
export function findDownstreamError(error: unknown): DownstreamError | undefined {
  let candidate = toReadable(error);
  for (let depth = 0; depth <= MAX_CAUSES && candidate instanceof Error; depth += 1) {
    if (candidate instanceof DownstreamError) return candidate;
    candidate = toReadable(candidate.cause);
  }
  return undefined;
}

/** A challenge that tells a client what to obtain before it repeats the request. */
export type ChallengeRemedy =
  /** 401 `invalid_token` (RFC 6750 section 3.1). */
  | { readonly challenge: 'invalid_token' }
  /** 401 with the claims request, as JSON. */
  | { readonly challenge: 'insufficient_claims'; readonly claims: string }
  /** 401 (RFC 9470 section 3). */
  | {
      readonly challenge: 'insufficient_user_authentication';
      readonly acrValues: readonly string[];
      readonly maxAgeMs: number | undefined;
    }
  /** 403 with scopes of this server (RFC 6750 section 3.1). */
  | { readonly challenge: 'insufficient_scope'; readonly scopes: readonly string[] };

/** A page that the user has to open (MCP, URL mode elicitation). */
export interface PageRemedy {
  /** Creates its address, for this caller only. */
  readonly page: () => Promise<string> | string;
  /** The purpose of the page, in words for the user. */
  readonly message: string;
}

/** How a client is told what its user has to do. */
export type CallerRemedy = ChallengeRemedy | PageRemedy;

/** The caller has to act: sign in again, consent, or ask for more. Clients get a challenge if it can help. */
export class CallerActionError extends DownstreamError {
  /** How a client is told what its user has to do; `undefined` if no action of the client would help. */
  readonly remedy: CallerRemedy | undefined;

  /**
   * @param code - stable name of what the caller lacks
   * @param message - why, for the log
   * @param options - details, the `cause`, and `remedy`: how a client is told what to do
   */
  constructor(
    /** Stable name of what the caller lacks. */
    override readonly code: CallerActionCode,
    message: string,
    { remedy, ...options }: DownstreamErrorOptions & { readonly remedy?: CallerRemedy } = {},
  ) {
    super(code, message, options);
    this.remedy = remedy;
  }
}

/** The operator of this server has to act. A caller learns nothing else. */
export class OperatorActionError extends DownstreamError {
  /**
   * @param code - stable name of what the operator has to fix
   * @param message - why, for the log
   * @param options - details, and the `cause`
   */
  constructor(
    /** Stable name of what the operator has to fix. */
    override readonly code: OperatorActionCode,
    message: string,
    options?: DownstreamErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** A temporary failure: the same call can be made again later. */
export class TemporaryFailureError extends DownstreamError {
  /** Milliseconds after which to try again, if known. */
  readonly retryAfterMs: number | undefined;

  /**
   * @param code - stable name of what failed
   * @param message - why, for the log
   * @param options - details, the `cause`, and `retryAfterMs`: milliseconds after which to try again
   */
  constructor(
    /** Stable name of what failed. */
    override readonly code: TemporaryFailureCode,
    message: string,
    { retryAfterMs, ...options }: DownstreamErrorOptions & { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(code, message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

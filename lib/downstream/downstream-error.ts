import { McpAuthError } from '../mcp-auth-error.js';

/** What can go wrong between a tool and its downstream; stable. */
export type DownstreamErrorCode =
  /** The tool reached for a downstream that its `downstream` does not name. */
  | 'downstream_not_declared'
  /** The tool declares several downstreams and did not say which; `for(name)` does. */
  | 'downstream_ambiguous'
  /** `DownstreamClient` was used where no tool runs, or after its call had ended. */
  | 'downstream_outside_call'
  /** The request's URL leaves the downstream's `baseUrl`. */
  | 'downstream_outside_base_url'
  /** The authorization server refused to issue a token for the downstream. */
  | 'token_exchange_refused'
  /** The authorization server could not be reached, or its answer cannot be used. */
  | 'token_exchange_failed'
  /** The downstream could not be reached. */
  | 'downstream_unreachable'
  /** The downstream answered `json()` with a status other than 2xx; see `status`. */
  | 'downstream_status'
  /** The downstream answered `json()` with a body that is not JSON. */
  | 'downstream_body';

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

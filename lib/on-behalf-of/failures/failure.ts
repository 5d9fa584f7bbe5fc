import type { CallerActionCode, OperatorActionCode, TemporaryFailureCode } from '../../errors/error-codes.js';
import type { TokenEndpointFailure } from '../../errors/token-endpoint-error.js';
import type { DocumentedCause } from './documented-refusals.js';

/** Codes of classified failures. */
export type FailureCode = CallerActionCode | OperatorActionCode | TemporaryFailureCode | 'downstream_status';

/** The facts that failures are classified by: `error`, `suberror`, `claims` and status. Of prose, only what is documented. */
export interface Failure extends TokenEndpointFailure {
  /** Whether the request was an RFC 8693 exchange, which reports a bad subject token as `invalid_request`. */
  readonly isTokenExchange?: boolean;
  /** What is missing, where the provider documents such an answer. */
  readonly cause?: DocumentedCause | undefined;
  /** Whether the server asked for its own token, not for its caller. */
  readonly isOwn?: boolean;
  /** Missing scopes, by their names at the API. */
  readonly scopes?: readonly string[];
  /** Scopes that the API wants, and that this server never asks for. */
  readonly unasked?: readonly string[];
  /** Whether the token had just taken the place of one that the API refused; `undefined` if there was no token. */
  readonly isRenewed?: boolean | undefined;
  /** `error_description` of the API (RFC 6750 section 3). */
  readonly description?: string | undefined;
}

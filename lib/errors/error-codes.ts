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

/** What a store that replicas share did not do; stable. */
export type SharedStoreCode =
  /** It failed, or answered something else than was asked. */
  | 'shared_store_failed'
  /** It gave no answer in time. */
  | 'shared_store_timeout';

/** What reaches no application, because it becomes an answer over HTTP; stable, for the log. */
export type RefusalCode =
  /** An access token that is not good here. */
  | 'invalid_token'
  /** A token whose sender does not prove to have its key. */
  | 'invalid_proof'
  /** A logout token that is not good here. */
  | 'invalid_logout_token'
  /** Nobody can tell whether a proof was used before. */
  | 'replay_store_unavailable';

/** What the test kit throws; stable. */
export type TestErrorCode =
  /** A tool answered with `isError`. */
  | 'tool_error'
  /** The server refused a request. */
  | 'challenged';

/** Every `code` of an error of this package, each of one class. */
export type McpAuthErrorCode =
  | DownstreamErrorCode
  | SharedStoreCode
  | RefusalCode
  | TestErrorCode
  /** Options, tools or credentials that cannot work. */
  | 'invalid_configuration'
  /** A token endpoint gave no usable token. */
  | 'token_endpoint_failed'
  /** An issuer's metadata, keys or introspection cannot be had, or cannot be used. */
  | 'issuer_unusable'
  /** The server's own credentials cannot be had. */
  | 'client_credentials_unavailable'
  /** Other replicas may go on using tokens that were revoked. */
  | 'revocation_incomplete';

/** Mistakes of a tool's developer; stable. */
export type DownstreamUsageCode =
  /** The tool called a downstream that its `downstream` does not name. */
  | 'downstream_not_declared'
  /** The tool declares several downstreams, and did not select one with `for(name)`. */
  | 'downstream_ambiguous'
  /** `DownstreamClient` was used outside a tool, or after its call had ended. */
  | 'downstream_outside_call'
  /** The request's URL leaves the downstream's `baseUrl`. */
  | 'downstream_outside_base_url'
  /** The tool sets a header that steers proxies, which `letToolsSteerProxies` does not name. */
  | 'downstream_header_refused';

/** Answers of the API; stable. */
export type DownstreamAnswerCode =
  /** A status of 3xx or 4xx that has no code of its own; see `status`. */
  | 'downstream_status'
  /** A redirect that must not be followed. */
  | 'downstream_redirect'
  /** A body that is not JSON, or not what an OpenAPI document says, where that is enforced. */
  | 'downstream_body'
  /** A body larger than `maxJsonSize`. */
  | 'downstream_body_too_large';

/** Problems that only the caller can solve; stable. */
export type CallerActionCode =
  /** The provider no longer accepts the token that came in: its session is over, or it was revoked. Sign in again. */
  | 'caller_token_rejected'
  /** The provider requires a token that was requested with certain `claims`. */
  | 'caller_claims_required'
  /** The user has to sign in anew, or in a stronger way (RFC 9470). */
  | 'caller_authentication_insufficient'
  /** A scope is missing that the caller can request. */
  | 'caller_scope_insufficient'
  /** The user has not consented, and there is a page for it. */
  | 'caller_consent_required'
  /** The user's account at the API is not linked yet, and there is a page for it. */
  | 'caller_account_not_linked'
  /** The caller has no access, and somebody else has to grant it. */
  | 'caller_access_denied'
  /** The token stands for no user to call on behalf of. */
  | 'caller_without_user';

/** Problems that only the operator of this server can solve; stable. */
export type OperatorActionCode =
  /** The server's own credentials were refused, or it may not use the grant. */
  | 'client_rejected'
  /** The provider does not know the target, or does not allow it for this client. */
  | 'target_unknown'
  /** The configuration does not fit the provider, or the caller's issuer. */
  | 'exchange_misconfigured'
  /** The provider's answer is not usable. */
  | 'exchange_answer_unusable';

/** Temporary failures; stable. */
export type TemporaryFailureCode =
  /** The provider could not be reached, took too long, or failed. */
  | 'issuer_unavailable'
  /** The provider gets too many requests. */
  | 'issuer_rate_limited'
  /** The API could not be reached, broke off its answer, or failed. */
  | 'downstream_unreachable'
  /** The API took too long. */
  | 'downstream_timeout'
  /** The API failed: a status of 5xx. */
  | 'downstream_failed'
  /** The API gets too many requests: a status of 429. */
  | 'downstream_rate_limited'
  /** Too many calls of the API run at once, or calls are paused after repeated failures. */
  | 'downstream_overloaded';

/** Stable names of what can go wrong between a tool and its downstream. */
export type DownstreamErrorCode =
  DownstreamUsageCode | DownstreamAnswerCode | CallerActionCode | OperatorActionCode | TemporaryFailureCode;

/** Failures of a store that replicas share; stable. */
export type SharedStoreCode =
  /** It failed, or its answer does not match the request. */
  | 'shared_store_failed'
  /** It gave no answer in time. */
  | 'shared_store_timeout';

/** Limits on what callers may hold at once; stable. */
export type LimitCode =
  /** A caller holds as much as one caller may. */
  | 'caller_limit_reached'
  /** All callers together hold as much as this process has room for. */
  | 'server_limit_reached';

/** Errors that become an HTTP answer, and never reach the application; stable, for the log. */
export type RefusalCode =
  /** An access token that is not valid here. */
  | 'invalid_token'
  /** A token in the query, or several `Authorization` headers. */
  | 'malformed_credentials'
  /** A token whose sender does not prove possession of its key. */
  | 'invalid_proof'
  /** A logout token that is not valid here. */
  | 'invalid_logout_token'
  /** It is unknown whether a proof was used before. */
  | 'replay_store_unavailable';

/** Errors of the test kit; stable. */
export type TestErrorCode =
  /** A tool answered with `isError`. */
  | 'tool_error'
  /** The server refused a request. */
  | 'challenged';

/** Every `code` of an error of this package. Each belongs to one class. */
export type McpAuthErrorCode =
  | DownstreamErrorCode
  | SharedStoreCode
  | LimitCode
  | RefusalCode
  | TestErrorCode
  /** Options, tools or credentials that cannot work. */
  | 'invalid_configuration'
  /** A token endpoint gave no usable token. */
  | 'token_endpoint_failed'
  /** An issuer's metadata, keys or introspection are not available, or not usable. */
  | 'issuer_unusable'
  /** The server's own credentials are not available. */
  | 'client_credentials_unavailable'
  /** Other replicas may still use tokens that were revoked. */
  | 'revocation_incomplete';

/** Codes of what the doctor can find. They are stable. */
export type FindingCode =
  | 'advertised_issuer_differs'
  | 'api_accepts'
  | 'api_refuses_token'
  | 'api_says_little'
  | 'api_unreachable'
  | 'audience_is_not_resource'
  | 'bound_tokens_not_exchangeable'
  | 'caller_has_to_act'
  | 'challenge_missing'
  | 'client_authentication_not_advertised'
  | 'client_rejected'
  | 'client_registration_not_advertised'
  | 'check_relaxed'
  | 'clear_text'
  | 'clock_skewed'
  | 'consent_missing'
  | 'downstream_not_declared'
  | 'downstream_unused'
  | 'endpoint_insecure'
  | 'endpoint_missing'
  | 'entra_resource_mismatch'
  | 'entra_scopes_missing'
  | 'exchange_incomplete'
  | 'exchange_not_allowed'
  | 'exchange_refused'
  | 'exchange_works'
  | 'grant_type_not_advertised'
  | 'invalid_configuration'
  | 'issuer_metadata_unusable'
  | 'issuer_not_found'
  | 'issuer_without_client'
  | 'keys_unfit'
  | 'keys_unusable'
  | 'nothing_offered'
  | 'operations_left_out'
  | 'operations_without_scopes'
  | 'pkce_not_advertised'
  | 'proof_not_advertised'
  | 'proof_not_tried'
  | 'resource_metadata_unusable'
  | 'resource_metadata_without_cors'
  | 'resource_mismatch'
  | 'scope_not_allowed'
  | 'scopes_not_advertised'
  | 'server_unreachable'
  | 'server_url_mismatch'
  | 'step_up_needed'
  | 'strict_profile'
  | 'target_refused'
  | 'token_accepted'
  | 'token_has_scopes'
  | 'token_lacks_scopes'
  | 'token_large'
  | 'token_issuer_mismatch'
  | 'token_not_required'
  | 'token_refused'
  | 'token_short_lived';

/** A finding: broken (`error`), broken for some clients (`warning`), or good to know (`info`). */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning' | 'info';
  /** The option or URL that the finding is about. */
  readonly subject: string;
  /** What is wrong. */
  readonly message: string;
  /** How to fix it. */
  readonly fix: string;
}

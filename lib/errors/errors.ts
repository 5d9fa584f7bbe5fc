/**
 * Every class of error that reaches an application, with its codes. Errors that become an HTTP answer first are defined
 * in the folders that throw them.
 */
export { McpAuthError } from './mcp-auth-error.js';
export type {
  CallerActionCode,
  DownstreamAnswerCode,
  DownstreamErrorCode,
  DownstreamUsageCode,
  LimitCode,
  McpAuthErrorCode,
  OperatorActionCode,
  RefusalCode,
  SharedStoreCode,
  TemporaryFailureCode,
  TestErrorCode,
} from './error-codes.js';
export { McpAuthConfigurationError } from './configuration-error.js';
export {
  CallerActionError,
  DownstreamError,
  OperatorActionError,
  TemporaryFailureError,
  type CallerRemedy,
  type ChallengeRemedy,
  type DownstreamErrorOptions,
  type PageRemedy,
} from './downstream-error.js';
export { ClientCredentialsError } from './client-credentials-error.js';
export { IssuerUnusableError } from './issuer-unusable-error.js';
export { LimitError } from './limit-error.js';
export { RevocationError } from './revocation-error.js';
export { SharedStoreError } from './shared-store-error.js';
export { TokenEndpointError, type TokenEndpointFailure } from './token-endpoint-error.js';

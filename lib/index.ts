export { McpAuthModule } from './mcp-auth.module.js';
export { McpAuthError } from './errors/mcp-auth-error.js';
export { McpAuthConfigurationError } from './errors/configuration-error.js';
export type { ClientOptions, McpAuthModuleOptions, McpAuthOptionsFactory, ServerOptions } from './mcp-auth-options.js';
export { dialects } from './dialects/dialects.js';
export type { ActorToken } from './dialects/actor-token.js';
export type {
  ExchangeDialect,
  ExchangedToken,
  ExchangeRequest,
  ExchangeTarget,
  ForeignAuthorizationServer,
  FormParameters,
  TokenEndpoint,
  TokenEndpointAnswer,
  TokenEndpointOptions,
} from './dialects/dialect.js';
export { exchangedToken } from './dialects/exchanged-token.js';
export { TokenEndpointError, type TokenEndpointFailure } from './errors/token-endpoint-error.js';
export type { Rfc8693Options } from './dialects/rfc8693.js';
export type { KeycloakDialectOptions } from './dialects/keycloak.js';
export type { EntraOnBehalfOfOptions } from './dialects/entra-on-behalf-of.js';
export type { Auth0TokenVaultOptions } from './dialects/auth0-token-vault.js';
export type { ClientCredentialsOptions } from './dialects/client-credentials.js';
export type { IdentityAssertionOptions } from './dialects/identity-assertion.js';
export type { JwtBearerOptions } from './dialects/jwt-bearer.js';
export { LinkedAccounts } from './linking/linked-accounts.js';
export type { LinkedAccountOptions, LinkingOptions, SubjectClaims } from './options/linked-account-options.js';
export { TokenCache } from './token-cache/token-cache.js';
export type { Revocation } from './token-cache/revocation.js';
export { RevocationError } from './errors/revocation-error.js';
export type { ExchangeLock, TokenCacheOptions } from './replicas/token-cache-options.js';
export type { BackChannelLogoutOptions } from './logout/logout-options.js';
export type { DownstreamOptions } from './options/downstream-options.js';
export type {
  CircuitBreakerOptions,
  DownstreamHttpOptions,
  DownstreamRequest,
  DownstreamResponse,
} from './options/downstream-http-options.js';
export { McpTool, type McpToolOptions, type ToolTaskOptions } from './decorators/mcp-tool.decorator.js';
export { McpResource, type McpResourceOptions, type ResourceDescription } from './decorators/mcp-resource.decorator.js';
export {
  McpResourceTemplate,
  type McpResourceTemplateOptions,
  type TemplateVariables,
} from './decorators/mcp-resource-template.decorator.js';
export { McpResourceList, type McpResourceListOptions } from './decorators/mcp-resource-list.decorator.js';
export { McpPrompt, type McpPromptOptions } from './decorators/mcp-prompt.decorator.js';
export {
  McpCompletion,
  type CompletionInput,
  type CompletionValues,
  type McpCompletionOptions,
} from './decorators/mcp-completion.decorator.js';
export type { AccessOptions, ArgumentsOf, ArgumentsSchema, ToolSchema } from './decorators/access-options.js';
export { CurrentCaller, Input, McpContext } from './decorators/parameter.decorators.js';
export type { DownstreamName, Register, ScopeName, ServerName } from './access/register.js';
export type { RequestStateOptions } from './invocation/request-state-options.js';
export { redisBus, type MessageBus, type RedisClient, type RedisSubscriber } from './replicas/message-bus.js';
export type { AccessToken, Caller } from './access/caller.js';
export type { Actor } from './access/actor.js';
export type { ElicitedForm, McpClient, QuestionOptions } from './decorators/mcp-context.js';
export { connectInMemory, serveStdio, type ConnectionOptions, type ServedConnection } from './connections/connect.js';
export type { TokenSource } from './connections/token-source.js';
export { ProtectedMcp } from './foreign-servers/protected-mcp.decorator.js';
export type { ForeignRule, ForeignRules, ProtectedMcpOptions } from './foreign-servers/foreign-rules.js';
export { McpRegistry, type Registration, type RegistrationOptions } from './registry/mcp-registry.js';
export { isMcp, McpArgumentsHost } from './invocation/mcp-execution-context.js';
export { ToolError } from './invocation/tool-error.js';
export type { ClientAuthentication } from './clients/client-authentication.js';
export { clientSecretBasic, clientSecretPost, type ClientSecret } from './clients/client-secret.js';
export { privateKeyJwt, type PrivateKeyJwtOptions } from './clients/private-key-jwt.js';
export type { PrivateKeyMaterial } from './clients/signing-key.js';
export { clientAssertion, type AssertionSource } from './clients/client-assertion.js';
export { mutualTls, type MutualTlsClientOptions } from './clients/mutual-tls.js';
export { DownstreamClient, type Downstream, type JsonRequestInit } from './downstream/downstream-client.js';
export {
  CallerActionError,
  DownstreamError,
  OperatorActionError,
  TemporaryFailureError,
  type CallerActionCode,
  type CallerRemedy,
  type ChallengeRemedy,
  type DownstreamAnswerCode,
  type DownstreamUsageCode,
  type OperatorActionCode,
  type PageRemedy,
  type TemporaryFailureCode,
  type DownstreamErrorCode,
  type DownstreamErrorOptions,
} from './errors/downstream-error.js';
export type {
  ClaimMapping,
  ClaimSource,
  IntrospectionOptions,
  IssuerOptions,
  SigningAlgorithm,
  TokenClaims,
} from './issuers/issuer-options.js';
export type { EndpointOptions } from './endpoint/endpoint-options.js';
export type { DpopOptions, MutualTlsOptions, ReplayStore } from './authentication/proof-options.js';
export type { ScopeRule } from './access/scope-rule.js';
export type { ScopeImplications } from './access/scope-hierarchy.js';
export { Denial, type Policy, type PolicyRequest, type Remediation } from './access/policy.js';
export type { Operation } from './access/operation.js';
export { Anonymous } from './decorators/anonymous.decorator.js';
export { UsePolicy } from './decorators/use-policy.decorator.js';
export type {
  AuditContext,
  AuditedActor,
  AuditedCaller,
  AuditEvent,
  AuditRecord,
  DenialReason,
} from './observability/audit-event.js';
export { LoggerAuditSink, type AuditSink } from './observability/audit-sink.js';
export {
  McpAuthHealthIndicator,
  type DownstreamHealth,
  type IssuerHealth,
  type McpAuthHealth,
} from './doctor/health.indicator.js';
export { auth0, type Auth0Options } from './providers/auth0.js';
export { entra, type EntraOptions } from './providers/entra.js';
export { keycloak, type KeycloakOptions } from './providers/keycloak.js';
export { okta, type OktaOptions } from './providers/okta.js';
export { ping, type PingOptions } from './providers/ping.js';
export type { PresetOverrides } from './providers/preset.js';

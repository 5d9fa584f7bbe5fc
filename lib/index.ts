export { McpAuthModule } from './mcp-auth.module.js';
export * as errors from './errors/errors.js';
export type { McpAuthModuleOptions, McpAuthOptionsFactory } from './configuration/mcp-auth-options.js';
export type { ServerOptions } from './options/server-options.js';
export type { ClientRegistration, IssuerClientRegistration } from './resource-server/clients/client-registration.js';
export type { ScopeOptions } from './resource-server/access/scope-options.js';
export type { ServerAccessOptions } from './resource-server/access/server-access-options.js';
export type { ListOptions } from './resource-server/catalogue/list-options.js';
export type { CallOptions } from './mcp/invocation/call-options.js';
export type { ObservabilityOptions } from './observability/observability-options.js';
export { dialects } from './on-behalf-of/dialects/dialects.js';
export type { ActorToken } from './on-behalf-of/dialects/actor-token.js';
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
} from './on-behalf-of/dialects/dialect.js';
export { exchangedToken } from './on-behalf-of/dialects/exchanged-token.js';
export type { Rfc8693Options } from './on-behalf-of/dialects/rfc8693.js';
export type { KeycloakDialectOptions } from './on-behalf-of/dialects/keycloak.js';
export type { EntraOnBehalfOfOptions } from './on-behalf-of/dialects/entra-on-behalf-of.js';
export type { Auth0TokenVaultOptions } from './on-behalf-of/dialects/auth0-token-vault.js';
export type { ClientCredentialsOptions } from './on-behalf-of/dialects/client-credentials.js';
export type { IdentityAssertionOptions } from './on-behalf-of/dialects/identity-assertion.js';
export type { JwtBearerOptions } from './on-behalf-of/dialects/jwt-bearer.js';
export { LinkedAccounts } from './on-behalf-of/linking/linked-accounts.js';
export type {
  LinkedAccountOptions,
  LinkingOptions,
  SubjectClaims,
} from './on-behalf-of/options/linked-account-options.js';
export { TokenCache } from './on-behalf-of/token-cache/token-cache.js';
export type { Revocation } from './on-behalf-of/token-cache/revocation.js';
export type { ExchangeLock, ReplicaOptions } from './replicas/replica-options.js';
export type { TokenCacheOptions } from './on-behalf-of/token-cache/token-cache-options.js';
export type { BackChannelLogoutOptions, LogoutOptions } from './entry/logout/logout-options.js';
export type { DownstreamOptions } from './on-behalf-of/options/downstream-options.js';
export type {
  CircuitBreakerOptions,
  DownstreamHttpOptions,
  DownstreamRequest,
  DownstreamResponse,
} from './on-behalf-of/options/downstream-http-options.js';
export { McpTool, type McpToolOptions, type ToolTaskOptions } from './resource-server/decorators/mcp-tool.decorator.js';
export {
  McpResource,
  type McpResourceOptions,
  type ResourceDescription,
} from './resource-server/decorators/mcp-resource.decorator.js';
export {
  McpResourceTemplate,
  type McpResourceTemplateOptions,
  type TemplateVariables,
} from './resource-server/decorators/mcp-resource-template.decorator.js';
export {
  McpResourceList,
  type McpResourceListOptions,
} from './resource-server/decorators/mcp-resource-list.decorator.js';
export { McpPrompt, type McpPromptOptions } from './resource-server/decorators/mcp-prompt.decorator.js';
export {
  McpCompletion,
  type CompletionInput,
  type CompletionValues,
  type McpCompletionOptions,
} from './resource-server/decorators/mcp-completion.decorator.js';
export type {
  AccessOptions,
  ArgumentsOf,
  ArgumentsSchema,
  ToolSchema,
} from './resource-server/decorators/access-options.js';
export { CurrentCaller, McpInput, McpContext } from './resource-server/decorators/parameter.decorators.js';
export type { DownstreamName, Register, ScopeName, ServerName } from './options/register.js';
export { redisBus, type MessageBus, type RedisClient, type RedisSubscriber } from './replicas/message-bus.js';
export type { AccessToken, Caller } from './resource-server/access/caller.js';
export type { Actor } from './resource-server/access/actor.js';
export type { TokenClaims } from './resource-server/access/claims.js';
export type { ElicitedForm, McpClient, QuestionOptions } from './resource-server/decorators/mcp-context.js';
export {
  connectInMemory,
  connectStdio,
  type ConnectionOptions,
  type ServedConnection,
} from './entry/connections/connect.js';
export type { TokenSource } from './entry/connections/token-source.js';
export { ProtectedMcp } from './entry/foreign-servers/protected-mcp.decorator.js';
export type { ForeignRule, ForeignRules, ProtectedMcpOptions } from './entry/foreign-servers/foreign-rules.js';
export { McpRegistry, type Registration, type RegistrationOptions } from './mcp/registry/mcp-registry.js';
export { isMcp, McpExecutionContext } from './mcp/invocation/mcp-execution-context.js';
export { ToolError } from './mcp/invocation/tool-error.js';
export type { ClientAuthentication } from './resource-server/clients/client-authentication.js';
export { clientSecretBasic, clientSecretPost, type ClientSecret } from './resource-server/clients/client-secret.js';
export { privateKeyJwt, type PrivateKeyJwtOptions } from './resource-server/clients/private-key-jwt.js';
export type { PrivateKeyMaterial } from './resource-server/clients/signing-key.js';
export { clientAssertion, type AssertionSource } from './resource-server/clients/client-assertion.js';
export { mutualTls, type MutualTlsClientOptions } from './resource-server/clients/mutual-tls.js';
export {
  DownstreamClient,
  type Downstream,
  type JsonRequestInit,
} from './on-behalf-of/downstream/downstream-client.js';
export type {
  ClaimMapping,
  ClaimSource,
  IntrospectionOptions,
  IssuerOptions,
  SigningAlgorithm,
} from './resource-server/issuers/issuer-options.js';
export type { MetadataOptions, MetadataTexts } from './resource-server/challenges/metadata-options.js';
export type { EndpointOptions } from './entry/endpoint/endpoint-options.js';
export type {
  DpopOptions,
  MutualTlsOptions,
  ProofOptions,
  ReplayStore,
} from './resource-server/authentication/proof-options.js';
export type { ScopeRule } from './resource-server/access/scope-rule.js';
export type { ScopeImplications } from './resource-server/access/scope-hierarchy.js';
export { Denial, type Policy, type PolicyRequest, type Remediation } from './resource-server/access/policy.js';
export type { Operation } from './resource-server/access/operation.js';
export { Anonymous } from './resource-server/decorators/anonymous.decorator.js';
export { McpDefaults, type McpDefaultsOptions } from './resource-server/decorators/mcp-defaults.decorator.js';
export { UsePolicy } from './resource-server/decorators/use-policy.decorator.js';
export type {
  AuditContext,
  AuditedActor,
  AuditedCaller,
  AuditEvent,
  AuditRecord,
  DenialReason,
} from './observability/audit-event.js';
export { LoggerAuditSink, type AuditSink } from './observability/audit-sink.js';
export { McpAuthHealthIndicator, type McpAuthHealth } from './doctor/health.indicator.js';
export type { DownstreamHealth, IssuerHealth } from './doctor/server-health.js';
export type { ServerSelection } from './servers/application-servers.js';
export * as providers from './resource-server/providers/providers.js';

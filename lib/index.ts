/**
 * Protected MCP servers in NestJS: what an application imports. Parts of an exported type, such as one group of the
 * options, are reached through it: `McpAuthModuleOptions['replicas']`.
 *
 * @packageDocumentation
 */

// The module.
export { McpAuthModule } from './mcp-auth.module.js';
export type { McpAuthModuleOptions, McpAuthOptionsFactory } from './configuration/mcp-auth-options.js';
export type { TokenClaims } from './resource-server/access/claims.js';
export type { IssuerOptions } from './resource-server/issuers/issuer-options.js';
export type { IssuerResolverOptions } from './resource-server/issuers/issuer-resolver-options.js';
export * as providers from './resource-server/providers/providers.js';
export type { DownstreamOptions } from './on-behalf-of/options/downstream-options.js';
export type { DownstreamRequest, DownstreamResponse } from './on-behalf-of/options/downstream-http-options.js';
export * as dialects from './on-behalf-of/dialects/dialects.js';
export type { DownstreamName, Register, ScopeName, ServerName } from './options/register.js';

// The credentials of the server.
export type { ClientAuthentication } from './resource-server/clients/client-authentication.js';
export {
  clientSecretBasic,
  clientSecretPost,
  type ClientSecretBasicOptions,
} from './resource-server/clients/client-secret.js';
export { privateKeyJwt } from './resource-server/clients/private-key-jwt.js';
export { clientAssertion } from './resource-server/clients/client-assertion.js';
export { mutualTls } from './resource-server/clients/mutual-tls.js';

// What a server offers, and who may use it.
export { McpTool, type McpToolOptions } from './resource-server/decorators/mcp-tool.decorator.js';
export { McpResource, type McpResourceOptions } from './resource-server/decorators/mcp-resource.decorator.js';
export {
  McpResourceTemplate,
  type McpResourceTemplateOptions,
} from './resource-server/decorators/mcp-resource-template.decorator.js';
export {
  McpResourceList,
  type McpResourceListOptions,
} from './resource-server/decorators/mcp-resource-list.decorator.js';
export { McpPrompt, type McpPromptOptions } from './resource-server/decorators/mcp-prompt.decorator.js';
export {
  McpCompletion,
  type CompletionInput,
  type McpCompletionOptions,
} from './resource-server/decorators/mcp-completion.decorator.js';
export { ProtectedMcp } from './entry/foreign-servers/protected-mcp.decorator.js';
export type { ProtectedMcpOptions } from './entry/foreign-servers/foreign-rules.js';
export { McpDefaults, type McpDefaultsOptions } from './resource-server/decorators/mcp-defaults.decorator.js';
export { Anonymous } from './resource-server/decorators/anonymous.decorator.js';
export { UsePolicy } from './resource-server/decorators/use-policy.decorator.js';
export { Denial, type Policy, type PolicyRequest } from './resource-server/access/policy.js';
export type { ScopeRule } from './resource-server/access/scope-rule.js';
export type { Operation } from './resource-server/access/operation.js';

// The operations of REST APIs.
export { McpOpenApi } from './openapi/declaration/mcp-open-api.decorator.js';
export type { McpOpenApiOptions } from './openapi/declaration/open-api-options.js';
export { McpOpenApiModule } from './openapi/declaration/open-api-module.js';
export type { McpOpenApiFeature } from './openapi/declaration/open-api-module-definition.js';
export { McpOperation, type McpOperationOptions } from './openapi/declaration/mcp-operation.decorator.js';
export type { OperationCall } from './openapi/declaration/operation-call.js';

// Inside a tool.
export { CurrentCaller, McpContext, McpHeader, McpInput } from './resource-server/decorators/parameter.decorators.js';
export { isMcp, McpExecutionContext } from './mcp/invocation/mcp-execution-context.js';
export type { Caller } from './resource-server/access/caller.js';
export { DownstreamClient, type Downstream } from './on-behalf-of/downstream/downstream-client.js';
export { ToolError } from './mcp/invocation/tool-error.js';
export * as errors from './errors/errors.js';

// Other injectables.
export { LinkedAccounts } from './on-behalf-of/linking/linked-accounts.js';
export { McpAuthHealthIndicator, type McpAuthHealth } from './doctor/health.indicator.js';
export { McpRegistry } from './mcp/registry/mcp-registry.js';
export type { Registration } from './mcp/registry/registration.js';
export { TokenCache } from './on-behalf-of/token-cache/token-cache.js';
export type { ServerSelection } from './servers/application-servers.js';

// What an application can implement or replace.
export { LoggerAuditSink, type AuditSink } from './observability/audit-sink.js';
export type { AuditEvent } from './observability/audit-event.js';
export { redisBus, type MessageBus } from './replicas/message-bus.js';
export type { ExchangeLock } from './replicas/replica-options.js';
export type { ReplayStore } from './resource-server/authentication/proof-options.js';

// Other transports.
export { connectInMemory, connectStdio, type ServedConnection } from './entry/connections/connect.js';

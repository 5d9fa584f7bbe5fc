import { PROTOCOL_PROVIDERS } from './mcp/protocol/protocol-providers.js';
import { Module, type DynamicModule, type NestModule, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, DiscoveryModule, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { AccessTokenStrategy } from './resource-server/authentication/access-token.strategy.js';
import { ClaimsValidation } from './resource-server/authentication/claims-validation.js';
import { Introspection } from './resource-server/authentication/introspection.js';
import { OwnTokens } from './resource-server/authentication/own-tokens.js';
import { ProofOfPossession } from './resource-server/authentication/proof-of-possession.js';
import { Revocations } from './resource-server/authentication/revocations.js';
import { TokenVerification } from './resource-server/authentication/token-verification.js';
import { VerifiedTokens } from './resource-server/authentication/verified-tokens.js';
import { ScopeHierarchy } from './resource-server/access/scope-hierarchy.js';
import { Admission } from './resource-server/authorization/admission.js';
import { Denials } from './resource-server/authorization/denials.js';
import { DeniedAnswers } from './entry/endpoint/denied-answers.js';
import { DownstreamPreparation } from './on-behalf-of/downstream/downstream-preparation.js';
import { AdmissionRequests } from './mcp/tasks/admission-requests.js';
import { KeptTasks } from './mcp/tasks/kept-tasks.js';
import { RateLimits } from './resource-server/rate-limits/rate-limits.js';
import { ArgumentsJudge } from './resource-server/authorization/arguments-judge.js';
import { Policies } from './resource-server/authorization/policies.js';
import { Catalogue } from './resource-server/catalogue/catalogue.js';
import { DecoratedMethods } from './resource-server/catalogue/decorated-methods.js';
import { BootDoctor } from './doctor/boot-doctor.js';
import { DownstreamClient } from './on-behalf-of/downstream/downstream-client.js';
import { DownstreamSender } from './on-behalf-of/downstream/downstream-sender.js';
import { ENDPOINT_GUARDS } from './entry/endpoint/mcp.controller.js';
import { BEFORE_ROUTES } from './entry/routes/before-routes.js';
import { listPathsWithoutPrefix, MountedControllers } from './entry/routes/mounted-controllers.js';
import { CallerAccess } from './on-behalf-of/downstream/caller-access.js';
import { ExchangeHealth } from './on-behalf-of/exchange/exchange-health.js';
import { TokenEndpoints } from './on-behalf-of/token-endpoint/token-endpoint.js';
import { TokenExchange } from './on-behalf-of/exchange/token-exchange.js';
import { Issuers } from './resource-server/issuers/issuers.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  OPTIONS_TYPE,
} from './mcp-auth.module-definition.js';
import { AccountRefresh } from './on-behalf-of/linking/account-refresh.js';
import { AccountServers } from './on-behalf-of/linking/account-servers.js';
import { LinkAudit } from './on-behalf-of/linking/link-audit.js';
import { LinkFlow } from './on-behalf-of/linking/link-flow.js';
import { LinkRecords } from './on-behalf-of/linking/link-records.js';
import { LinkedAccounts } from './on-behalf-of/linking/linked-accounts.js';
import { ServerLinkedAccounts } from './on-behalf-of/linking/server-linked-accounts.js';
import { UserSignIn } from './on-behalf-of/linking/user-sign-in.js';
import { BackChannelLogout } from './entry/logout/back-channel-logout.js';
import { LogoutTokens } from './entry/logout/logout-token.js';
import { Challenges } from './resource-server/challenges/challenges.js';
import { Subscriptions } from './mcp/notifications/subscriptions.js';
import { EventStreams } from './mcp/notifications/event-streams.js';
import { ChangeNotifications } from './mcp/notifications/change-notifications.js';
import { AuditLog } from './observability/audit-log.js';
import { McpAuthHealthIndicator } from './doctor/health.indicator.js';
import { ServerHealth } from './doctor/server-health.js';
import { ResolvedOptions } from './options/resolved-options.js';
import { resolveOptions } from './configuration/resolve-options.js';
import { BoundSessions } from './entry/foreign-servers/bound-sessions.js';
import { ForeignAnswers } from './entry/foreign-servers/foreign-answers.js';
import { ForeignShares } from './entry/foreign-servers/foreign-shares.js';
import { McpProtection } from './entry/foreign-servers/mcp-protection.js';
import { McpConnections } from './entry/connections/mcp-connections.js';
import { McpRegistry } from './mcp/registry/mcp-registry.js';
import { ServerRegistry } from './mcp/registry/server-registry.js';
import { MethodInvoker } from './mcp/invocation/method-invoker.js';
import { PrimitiveInvocations } from './mcp/invocation/primitive-invocations.js';
import { ResourceLists } from './mcp/invocation/resource-lists.js';
import { RequestStates } from './mcp/invocation/request-state.js';
import { PrimitiveRunner } from './mcp/invocation/primitive-runner.js';
import { CallerLimits } from './limits/caller-limits.js';
import { PermittedItems } from './resource-server/authorization/permitted-items.js';
import { TaskMethods } from './mcp/tasks/task-methods.js';
import { OpenApiOffers } from './openapi/offers/open-api-offers.js';
import { OperationSearch } from './openapi/search/operation-search.js';
import { SearchTools } from './openapi/search/search-tools.js';
import { ServerTokenCache } from './on-behalf-of/token-cache/server-token-cache.js';
import { TokenCache } from './on-behalf-of/token-cache/token-cache.js';

/**
 * An MCP server that is an OAuth 2 resource server. It tells clients where to get a token, verifies incoming tokens,
 * enforces the scopes of each tool, and calls APIs on behalf of the user. `DownstreamClient` can be injected
 * everywhere, unless `isGlobal` is `false`.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: ResolvedOptions, useFactory: resolveOptions, inject: [MODULE_OPTIONS_TOKEN] },
    {
      provide: ScopeHierarchy,
      useFactory: ({ scopeHierarchy }: ResolvedOptions) => new ScopeHierarchy(scopeHierarchy),
      inject: [ResolvedOptions],
    },
    Issuers,
    Introspection,
    AccessTokenStrategy,
    {
      provide: ProofOfPossession,
      useFactory: (options: ResolvedOptions, limits: CallerLimits) =>
        new ProofOfPossession(options, limits.of('usedProofs')),
      inject: [ResolvedOptions, CallerLimits],
    },
    Revocations,
    VerifiedTokens,
    OwnTokens,
    ClaimsValidation,
    TokenVerification,
    AuditLog,
    CallerLimits,
    ServerHealth,
    McpAuthHealthIndicator,
    Challenges,
    ...BEFORE_ROUTES,
    ...ENDPOINT_GUARDS,
    DeniedAnswers,
    Catalogue,
    Policies,
    ArgumentsJudge,
    Denials,
    Admission,
    RateLimits,
    PermittedItems,
    DecoratedMethods,
    MethodInvoker,
    PrimitiveInvocations,
    RequestStates,
    PrimitiveRunner,
    ResourceLists,
    ChangeNotifications,
    EventStreams,
    Subscriptions,
    KeptTasks,
    TaskMethods,
    AdmissionRequests,
    ...PROTOCOL_PROVIDERS,
    ServerRegistry,
    McpRegistry,
    McpConnections,
    BoundSessions,
    ForeignAnswers,
    ForeignShares,
    McpProtection,
    ServerTokenCache,
    TokenCache,
    TokenEndpoints,
    LogoutTokens,
    BackChannelLogout,
    LinkRecords,
    AccountServers,
    AccountRefresh,
    UserSignIn,
    LinkFlow,
    LinkAudit,
    ServerLinkedAccounts,
    LinkedAccounts,
    TokenExchange,
    CallerAccess,
    DownstreamPreparation,
    ExchangeHealth,
    DownstreamSender,
    DownstreamClient,
    OperationSearch,
    SearchTools,
    OpenApiOffers,
    BootDoctor,
  ],
  exports: [DownstreamClient, LinkedAccounts, McpRegistry, TokenCache, McpAuthHealthIndicator],
})
export class McpAuthModule extends ConfigurableModuleClass implements NestModule, OnModuleInit {
  constructor(
    private readonly module: ModuleRef,
    private readonly config: ApplicationConfig,
    private readonly modules: ModulesContainer,
  ) {
    super();
    listPathsWithoutPrefix(config);
  }

  /**
   * Adds a server to the application.
   *
   * @param options - see {@link McpAuthModuleOptions}. With `isGlobal: false`, only modules that import this one can
   *   inject its exports
   * @throws {@link McpAuthConfigurationError} at boot, for options or tools that cannot work
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return MountedControllers.addTo(super.forRoot(options));
  }

  /**
   * Like {@link forRoot}, with options from `useFactory`, or from `createMcpAuthOptions()` of `useClass` or
   * `useExisting`. Pass `isGlobal` beside these: Nest needs it before it makes the options.
   *
   * @param options - where the options come from, and what is injected there
   * @throws {@link McpAuthConfigurationError} at boot, as {@link forRoot} does
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return MountedControllers.addTo(super.forRootAsync(options));
  }

  /** Called by Nest before it reads the routes. */
  configure(): void {
    const { httpAdapter } = this.module.get(HttpAdapterHost, { strict: false });
    const options = this.module.get(ResolvedOptions);
    this.module.get(MountedControllers).mount(options, this.config, this.modules, httpAdapter.getType());
  }

  /** Called by Nest when every provider of the application is there. */
  async onModuleInit(): Promise<void> {
    const controllers = this.module.get(MountedControllers);
    controllers.verify();
    controllers.leaveToOwnLimits(this.module.get(RateLimits).throttlers);
    await this.module.get(ServerRegistry).discover();
  }
}

import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CallerLimits } from '../limits/caller-limits.js';
import { AuditLog } from '../observability/audit-log.js';
import { CallerAccess } from '../on-behalf-of/downstream/caller-access.js';
import { DownstreamSender } from '../on-behalf-of/downstream/downstream-sender.js';
import { ExchangeHealth } from '../on-behalf-of/exchange/exchange-health.js';
import { TokenExchange } from '../on-behalf-of/exchange/token-exchange.js';
import { AccountRefresh } from '../on-behalf-of/linking/account-refresh.js';
import { AccountServers } from '../on-behalf-of/linking/account-servers.js';
import { LinkAudit } from '../on-behalf-of/linking/link-audit.js';
import { LinkRecords } from '../on-behalf-of/linking/link-records.js';
import { ServerLinkedAccounts } from '../on-behalf-of/linking/server-linked-accounts.js';
import { UserSignIn } from '../on-behalf-of/linking/user-sign-in.js';
import { ServerTokenCache } from '../on-behalf-of/token-cache/server-token-cache.js';
import { TokenEndpoints } from '../on-behalf-of/token-endpoint/token-endpoint.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { ScopeHierarchy } from '../resource-server/access/scope-hierarchy.js';
import { AccessTokenStrategy } from '../resource-server/authentication/access-token.strategy.js';
import { ClaimsValidation } from '../resource-server/authentication/claims-validation.js';
import { Introspection } from '../resource-server/authentication/introspection.js';
import { OwnTokens } from '../resource-server/authentication/own-tokens.js';
import { ProofOfPossession } from '../resource-server/authentication/proof-of-possession.js';
import { Revocations } from '../resource-server/authentication/revocations.js';
import { TokenVerification } from '../resource-server/authentication/token-verification.js';
import { VerifiedTokens } from '../resource-server/authentication/verified-tokens.js';
import { Issuers } from '../resource-server/issuers/issuers.js';

/** The parts of a server that decide about a token and the calls with it. */
export interface Rehearsal {
  readonly options: ResolvedOptions;
  readonly issuers: Issuers;
  readonly endpoints: TokenEndpoints;
  readonly verification: TokenVerification;
  readonly proof: ProofOfPossession;
  readonly hierarchy: ScopeHierarchy;
  readonly access: CallerAccess;
  readonly sender: DownstreamSender;
}

/** Those parts as providers of Nest, which puts them together as in a server. */
@Module({})
class RehearsalModule {
  static of(options: ResolvedOptions): DynamicModule {
    return {
      module: RehearsalModule,
      providers: [
        {
          provide: ResolvedOptions,
          useValue: Object.assign(new ResolvedOptions(options), { auditSink: { record: () => undefined } }),
        },
        { provide: ScopeHierarchy, useValue: new ScopeHierarchy(options.scopeHierarchy) },
        {
          provide: ProofOfPossession,
          useFactory: (limits: CallerLimits) => new ProofOfPossession(options, limits.of('usedProofs')),
          inject: [CallerLimits],
        },
        {
          // Tokens of a try do not go to the store that replicas share.
          provide: ServerTokenCache,
          useFactory: (limits: CallerLimits) => {
            const { tokenCache, replicas } = options;
            return new ServerTokenCache({ tokenCache, replicas: { ...replicas, shared: undefined } }, limits);
          },
          inject: [CallerLimits],
        },
        ...[AuditLog, CallerLimits],
        ...[Issuers, Introspection, AccessTokenStrategy, Revocations, VerifiedTokens, OwnTokens, ClaimsValidation],
        ...[TokenVerification, TokenEndpoints, TokenExchange, ExchangeHealth, CallerAccess, DownstreamSender],
        ...[LinkRecords, AccountServers, AccountRefresh, UserSignIn, LinkAudit, ServerLinkedAccounts],
      ],
    };
  }
}

/**
 * Puts the parts of a server together as the server does, and lets something run with them. Nothing listens. Audit events
 * go nowhere.
 */
export async function rehearse<Result>(
  options: ResolvedOptions,
  run: (rehearsal: Rehearsal) => Promise<Result>,
): Promise<Result> {
  const application = await NestFactory.createApplicationContext(RehearsalModule.of(options), { abortOnError: false });
  try {
    return await run({
      options,
      issuers: application.get(Issuers),
      endpoints: application.get(TokenEndpoints),
      verification: application.get(TokenVerification),
      proof: application.get(ProofOfPossession),
      hierarchy: application.get(ScopeHierarchy),
      access: application.get(CallerAccess),
      sender: application.get(DownstreamSender),
    });
  } finally {
    await application.close();
  }
}

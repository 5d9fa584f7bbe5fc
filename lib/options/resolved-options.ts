import type { Type } from '@nestjs/common';
import type { AuditSink } from '../observability/audit-sink.js';
import type { SubjectClaims } from '../on-behalf-of/options/linked-account-options.js';
import type { ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import type { ResolvedTokenCache } from '../on-behalf-of/token-cache/token-cache-options.js';
import type { ResolvedReplicas } from '../replicas/replica-options.js';
import type { Policy } from '../resource-server/access/policy.js';
import type { ScopeImplications } from '../resource-server/access/scope-hierarchy.js';
import type { DpopOptions, MutualTlsOptions } from '../resource-server/authentication/proof-options.js';
import type { IssuerClientRegistration } from '../resource-server/clients/client-registration.js';
import type { ResolvedIssuer } from '../resource-server/issuers/resolved-issuer.js';
import type { ServerOptions } from './server-options.js';

/** The checks before any token is looked at, with the defaults filled in. */
export interface ResolvedEndpoint {
  /** Origin and host of `resource`. */
  readonly origin: string;
  readonly host: string;
  /** Whether `resource` is on loopback. */
  readonly loopback: boolean;
  readonly allowedOrigins: ReadonlySet<string> | 'any';
  readonly allowedHosts: ReadonlySet<string> | 'any';
  /** Bytes. */
  readonly maxBodySize: number;
  /** Whether the endpoint is ours. */
  readonly isMounted: boolean;
}

/**
 * The options after validation, with the defaults filled in and everything derived from `resource` worked out once. A class,
 * because Nest injects by it.
 */
export class ResolvedOptions {
  declare readonly server: ServerOptions;
  /** As the user wrote it: RFC 9728 `resource`. */
  declare readonly resource: string;
  /** Path of the endpoint, without a trailing slash; empty at the root. */
  declare readonly path: string;
  /** Address of the RFC 9728 document, as it stands in challenges. */
  declare readonly resourceMetadataUrl: string;
  /** Members of the RFC 9728 document that people read. */
  declare readonly membersForPeople: Readonly<Record<string, string>>;
  declare readonly issuers: readonly ResolvedIssuer[];
  /** Where there is but one, it may not say which issuer it is registered at. */
  declare readonly clients: readonly IssuerClientRegistration[];
  declare readonly downstreams: ReadonlyMap<string, ResolvedDownstream>;
  declare readonly initialScopes: readonly string[] | undefined;
  declare readonly list: 'all' | 'permitted';
  declare readonly scopeHierarchy: ScopeImplications | undefined;
  declare readonly challenge: 'operation' | 'union';
  declare readonly policies: readonly Type<Policy>[];
  declare readonly appOnly: 'allow' | 'deny';
  declare readonly dpop: DpopOptions | undefined;
  declare readonly mutualTls: MutualTlsOptions | undefined;
  declare readonly endpoint: ResolvedEndpoint;
  declare readonly tokenCache: ResolvedTokenCache;
  /** How users sign in before they link an account. */
  declare readonly linking: {
    readonly clients: readonly IssuerClientRegistration[];
    readonly subjectClaims: SubjectClaims;
  };
  /** Path of the endpoint for logout tokens, where there is one. */
  declare readonly backChannelLogoutPath: string | undefined;
  declare readonly auditSink: AuditSink | Type<AuditSink> | undefined;
  declare readonly doctor: boolean;
  /** Milliseconds. */
  declare readonly timeoutMs: number | undefined;
  declare readonly shutdownGrace: number;
  /** Milliseconds. */
  declare readonly listTtl: number;
  /** Entries of a page of a list. */
  declare readonly pageSize: number;
  /** Milliseconds. */
  declare readonly requestStateLifetime: number;
  declare readonly replicas: ResolvedReplicas;
  declare readonly anonymous: boolean;

  /** @param values - all of them */
  constructor(values: ResolvedOptions) {
    Object.assign(this, values);
  }
}

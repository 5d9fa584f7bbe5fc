import type { Type } from '@nestjs/common';
import type { ScopeImplications } from '../resource-server/access/scope-hierarchy.js';
import type { Policy } from '../resource-server/access/policy.js';
import type { AuditSink } from '../observability/audit-sink.js';
import { resolveSubjectClaims, type SubjectClaims } from '../on-behalf-of/options/linked-account-options.js';
import type { McpAuthModuleOptions } from '../configuration/mcp-auth-options.js';
import type { IssuerClientRegistration } from '../resource-server/clients/client-registration.js';
import type { ServerOptions } from './server-options.js';
import { membersForPeople } from '../resource-server/challenges/metadata-options.js';
import { isLoopback } from './option-rules.js';
import type { DpopOptions, MutualTlsOptions } from '../resource-server/authentication/proof-options.js';
import { resolveDownstream, type ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import { resolveIssuers, type ResolvedIssuer } from '../resource-server/issuers/resolved-issuer.js';
import { resolveReplicas, type ResolvedReplicas } from '../replicas/replica-options.js';
import { resolveTokenCache, type ResolvedTokenCache } from '../on-behalf-of/token-cache/token-cache-options.js';

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

const MAX_BODY_SIZE = 1024 * 1024;

/** Milliseconds: less than orchestrators wait before they kill. */
const SHUTDOWN_GRACE = 10_000;

/** Milliseconds: lists change with a deployment. */
const LIST_TTL = 5 * 60_000;

const PAGE_SIZE = 500;

/** The options after validation, with everything derived from `resource` worked out once. */
export class ResolvedOptions {
  readonly server: ServerOptions;
  /** As the user wrote it: RFC 9728 `resource`. */
  readonly resource: string;
  /** Path of the endpoint, without a trailing slash; empty at the root. */
  readonly path: string;
  /** Address of the RFC 9728 document, as it stands in challenges. */
  readonly resourceMetadataUrl: string;
  /** Members of the RFC 9728 document that people read. */
  readonly membersForPeople: Readonly<Record<string, string>>;
  readonly issuers: readonly ResolvedIssuer[];
  /** Where there is but one, it may not say which issuer it is registered at. */
  readonly clients: readonly IssuerClientRegistration[];
  readonly downstreams: ReadonlyMap<string, ResolvedDownstream>;
  readonly initialScopes: readonly string[] | undefined;
  readonly list: 'all' | 'permitted';
  readonly scopeHierarchy: ScopeImplications | undefined;
  readonly challenge: 'operation' | 'union';
  readonly policies: readonly Type<Policy>[];
  readonly appOnly: 'allow' | 'deny';
  readonly dpop: DpopOptions | undefined;
  readonly mutualTls: MutualTlsOptions | undefined;
  readonly endpoint: ResolvedEndpoint;
  readonly tokenCache: ResolvedTokenCache;
  /** How users sign in before they link an account. */
  readonly linking: { readonly clients: readonly IssuerClientRegistration[]; readonly subjectClaims: SubjectClaims };
  /** Path of the endpoint for logout tokens, where there is one. */
  readonly backChannelLogoutPath: string | undefined;
  readonly auditSink: AuditSink | Type<AuditSink> | undefined;
  readonly doctor: boolean;
  /** Milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly shutdownGrace: number;
  /** Milliseconds. */
  readonly listTtl: number;
  /** Entries of a page of a list. */
  readonly pageSize: number;
  /** Milliseconds. */
  readonly requestStateLifetime: number;
  readonly replicas: ResolvedReplicas;
  readonly anonymous: boolean;

  constructor(options: McpAuthModuleOptions) {
    const url = new URL(options.resource);
    const atRoot = url.pathname === '/';
    this.server = options.server;
    this.resource = options.resource;
    this.path = atRoot ? '' : url.pathname;
    this.resourceMetadataUrl = `${url.origin}/.well-known/oauth-protected-resource${this.path}`;
    const { name, title = name } = options.server;
    this.membersForPeople = membersForPeople({ ...options.metadata, name: options.metadata?.name ?? title });
    // RFC 3986 section 6.2.3: an empty path and "/" are the same, and clients send either as `resource`.
    const audiences = atRoot ? [url.origin, `${url.origin}/`] : [options.resource];
    const clients = [options.client ?? []].flat();
    this.issuers = resolveIssuers(options.issuers ?? [], audiences, clients);
    this.clients = clients;
    this.downstreams = new Map(
      Object.entries(options.downstreams ?? {}).map(([name, one]) => [name, resolveDownstream(name, one)]),
    );
    const { scopes = {}, access = {}, lists = {}, calls = {} } = options;
    this.initialScopes = scopes.initial;
    this.list = lists.show ?? 'all';
    this.scopeHierarchy = scopes.hierarchy;
    this.challenge = scopes.challenge ?? 'operation';
    this.policies = access.policies ?? [];
    this.appOnly = access.appOnly ?? 'allow';
    this.dpop = options.proof?.dpop;
    this.mutualTls = options.proof?.mutualTls;
    const { allowedOrigins = [], allowedHosts = [], maxBodySize = MAX_BODY_SIZE } = options.endpoint ?? {};
    this.endpoint = {
      origin: url.origin,
      host: url.host,
      loopback: isLoopback(url),
      allowedOrigins: allowedOrigins === 'any' ? 'any' : new Set(allowedOrigins),
      allowedHosts: allowedHosts === 'any' ? 'any' : new Set(allowedHosts),
      maxBodySize,
      isMounted: options.endpoint?.mount ?? true,
    };
    this.tokenCache = resolveTokenCache(options.tokenCache);
    this.backChannelLogoutPath =
      options.logout?.backChannel && (options.logout.backChannel.path ?? `${this.path}/backchannel-logout`);
    const { linking = {} } = options;
    const signInClients = linking.client === undefined ? clients : [linking.client].flat();
    this.linking = { clients: signInClients, subjectClaims: resolveSubjectClaims(linking) };
    this.auditSink = options.observability?.auditSink;
    this.doctor = options.doctor ?? true;
    this.timeoutMs = calls.timeoutMs;
    this.shutdownGrace = calls.shutdownGraceMs ?? SHUTDOWN_GRACE;
    this.listTtl = lists.ttlMs ?? LIST_TTL;
    this.pageSize = lists.pageSize ?? PAGE_SIZE;
    this.requestStateLifetime = calls.requestStateLifetimeMs ?? 600_000;
    this.replicas = resolveReplicas(options.replicas);
    this.anonymous = access.anonymous ?? false;
  }
}

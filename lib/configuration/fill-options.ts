import { membersForPeople } from '../resource-server/challenges/metadata-options.js';
import { resolveSubjectClaims } from '../on-behalf-of/options/linked-account-options.js';
import { resolveDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import { resolveTokenCache } from '../on-behalf-of/token-cache/token-cache-options.js';
import { isLoopback } from '../options/option-rules.js';
import { ResolvedOptions, type ResolvedEndpoint } from '../options/resolved-options.js';
import { resolveReplicas } from '../replicas/replica-options.js';
import { resolveIssuers } from '../resource-server/issuers/resolved-issuer.js';
import type { McpAuthModuleOptions } from './mcp-auth-options.js';

/** Bytes. */
const MAX_BODY_SIZE = 1024 * 1024;

/** Milliseconds: less than orchestrators wait before they kill. */
const SHUTDOWN_GRACE = 10_000;

/** Milliseconds: lists change with a deployment. */
const LIST_TTL = 5 * 60_000;

const PAGE_SIZE = 500;

/** Milliseconds. */
const REQUEST_STATE_LIFETIME = 10 * 60_000;

/** Fills in the defaults of options that were found valid. */
export function fillOptions(options: McpAuthModuleOptions): ResolvedOptions {
  const url = new URL(options.resource);
  const atRoot = url.pathname === '/';
  const path = atRoot ? '' : url.pathname;
  // RFC 3986 section 6.2.3: an empty path and "/" are the same, and clients send either as `resource`.
  const audiences = atRoot ? [url.origin, `${url.origin}/`] : [options.resource];
  const clients = [options.client ?? []].flat();
  const { server, metadata, scopes = {}, access = {}, lists = {}, calls = {}, linking = {} } = options;
  const { name, title = name } = server;
  return new ResolvedOptions({
    server,
    resource: options.resource,
    path,
    resourceMetadataUrl: `${url.origin}/.well-known/oauth-protected-resource${path}`,
    membersForPeople: membersForPeople({ ...metadata, name: metadata?.name ?? title }),
    issuers: resolveIssuers(options.issuers ?? [], audiences, clients),
    clients,
    downstreams: new Map(
      Object.entries(options.downstreams ?? {}).map(([downstream, one]) => [
        downstream,
        resolveDownstream(downstream, one),
      ]),
    ),
    initialScopes: scopes.initial,
    list: lists.show ?? 'all',
    scopeHierarchy: scopes.hierarchy,
    challenge: scopes.challenge ?? 'operation',
    policies: access.policies ?? [],
    appOnly: access.appOnly ?? 'allow',
    dpop: options.proof?.dpop,
    mutualTls: options.proof?.mutualTls,
    endpoint: fillEndpoint(url, options.endpoint),
    tokenCache: resolveTokenCache(options.tokenCache),
    backChannelLogoutPath:
      options.logout?.backChannel && (options.logout.backChannel.path ?? `${path}/backchannel-logout`),
    linking: {
      clients: linking.client === undefined ? clients : [linking.client].flat(),
      subjectClaims: resolveSubjectClaims(linking),
    },
    auditSink: options.observability?.auditSink,
    doctor: options.doctor ?? true,
    timeoutMs: calls.timeoutMs,
    shutdownGrace: calls.shutdownGraceMs ?? SHUTDOWN_GRACE,
    listTtl: lists.ttlMs ?? LIST_TTL,
    pageSize: lists.pageSize ?? PAGE_SIZE,
    requestStateLifetime: calls.requestStateLifetimeMs ?? REQUEST_STATE_LIFETIME,
    replicas: resolveReplicas(options.replicas),
    anonymous: access.anonymous ?? false,
  });
}

function fillEndpoint(url: URL, endpoint: McpAuthModuleOptions['endpoint'] = {}): ResolvedEndpoint {
  const { allowedOrigins = [], allowedHosts = [], maxBodySize = MAX_BODY_SIZE, mount = true } = endpoint;
  return {
    origin: url.origin,
    host: url.host,
    loopback: isLoopback(url),
    allowedOrigins: allowedOrigins === 'any' ? 'any' : new Set(allowedOrigins),
    allowedHosts: allowedHosts === 'any' ? 'any' : new Set(allowedHosts),
    maxBodySize,
    isMounted: mount,
  };
}

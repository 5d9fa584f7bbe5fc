import type { ResolvedOptions } from '../options/mcp-auth-options.js';

/** The document that tells a client where to get a token (RFC 9728 section 2). */
export interface ProtectedResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly string[];
  readonly resource_name: string;
}

/** @param initialScopes - what a client should start with, not all there are */
export function protectedResourceMetadata(
  { resource, issuers, server }: ResolvedOptions,
  initialScopes: readonly string[],
): ProtectedResourceMetadata {
  return {
    resource,
    authorization_servers: issuers,
    ...(initialScopes.length > 0 && { scopes_supported: initialScopes }),
    bearer_methods_supported: ['header'],
    resource_name: server.title ?? server.name,
  };
}

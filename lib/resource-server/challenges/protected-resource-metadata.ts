import type { ResolvedOptions } from '../../options/resolved-options.js';

/** The document that tells a client where to get a token (RFC 9728 section 2). */
export interface ProtectedResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly string[];
  /** `resource_name` and other human-readable members, also with a language tag (section 2.1). */
  readonly [forPeople: `resource_${string}`]: string;
  /** Present if tokens may be bound to a key or a certificate (RFC 9728 section 2). */
  readonly dpop_signing_alg_values_supported?: readonly string[];
  readonly dpop_bound_access_tokens_required?: boolean;
  readonly tls_client_certificate_bound_access_tokens?: boolean;
}

/**
 * @param initialScopes - the scopes that a client should start with, not all scopes
 * @param proofAlgorithms - accepted algorithms of DPoP proofs
 */
export function buildProtectedResourceMetadata(
  { resource, issuers, issuerResolver, membersForPeople, dpop, mutualTls }: ResolvedOptions,
  initialScopes: readonly string[],
  proofAlgorithms: readonly string[],
): ProtectedResourceMetadata {
  return {
    resource,
    authorization_servers: [...issuers.map(({ advertised }) => advertised), ...(issuerResolver?.advertised ?? [])],
    ...(initialScopes.length > 0 && { scopes_supported: initialScopes }),
    bearer_methods_supported: ['header'],
    ...membersForPeople,
    ...(dpop && {
      dpop_signing_alg_values_supported: proofAlgorithms,
      dpop_bound_access_tokens_required: dpop.required ?? false,
    }),
    ...(mutualTls && { tls_client_certificate_bound_access_tokens: true }),
  };
}

import type { ClientMetadata } from 'oidc-provider';
import { errors } from './oidc-provider.js';

const grantTypesForEveryone = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'];

/**
 * What this server makes of the metadata that a client registers or publishes about itself.
 * RFC 7591 §3.2.1 lets a server replace what was asked for; the response says what was registered.
 */
export function applyClientMetadataPolicy(metadata: ClientMetadata): void {
  // Scopes are granted by the user, request by request: a limit set at registration would make step-up impossible.
  delete metadata.scope;
  metadata.grant_types = allowedGrantTypes(metadata.grant_types);
  metadata.application_type = applicationType(metadata.redirect_uris);
  if (isMetadataDocument(metadata) && String(metadata.token_endpoint_auth_method).startsWith('client_secret_')) {
    metadata.token_endpoint_auth_method = 'none';
  }
}

function allowedGrantTypes(grantTypes: unknown): string[] {
  const allowed = grantTypesForEveryone.filter((type) => Array.isArray(grantTypes) && grantTypes.includes(type));
  if (allowed.length === 0) {
    throw new errors.InvalidClientMetadata(`grant_types must contain one of ${grantTypesForEveryone.join(', ')}`);
  }
  return allowed;
}

/**
 * Clients often leave `application_type` out, or say `web` with a loopback redirect URI. Only for `native` clients does
 * oidc-provider accept any port on loopback (RFC 8252 §7.3), and refuse plain http elsewhere.
 */
function applicationType(redirectUris: unknown): 'native' | 'web' {
  const everyRedirectIsHttps = Array.isArray(redirectUris) && redirectUris.every((uri) => /^https:/i.test(String(uri)));
  return everyRedirectIsHttps ? 'web' : 'native';
}

/** A client ID that is a URL. What anyone can read holds no secret, so the default of RFC 7591 is not meant. */
function isMetadataDocument({ client_id: clientId }: ClientMetadata): boolean {
  return clientId.startsWith('https:');
}

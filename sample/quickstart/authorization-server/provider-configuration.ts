import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import type { ClientMetadata, Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { findAccount } from './accounts.js';
import { fetchClientMetadata } from './client-metadata-fetch.js';
import { applyClientMetadataPolicy } from './client-metadata-policy.js';
import { devicePages } from './device-pages.js';
import { memoryAdapter } from './memory-adapter.js';
import { errors } from './oidc-provider.js';
import { html, showPage } from './page.js';
import { resourceServer, type ProtectedResource } from './protected-resource.js';
import type { TokenExchange } from './token-exchange.js';

export interface ProviderConfigurationOptions {
  /** The only resources that clients may name themselves; what lies behind is reached by token exchange alone. */
  readonly mcpServers: readonly ProtectedResource[];
  readonly defaultScope: string;
  readonly clients: readonly ClientMetadata[];
  readonly signingKey: JWK;
  readonly tokenExchange: TokenExchange;
}

export function providerConfiguration(options: ProviderConfigurationOptions): Configuration {
  const { mcpServers, clients, signingKey, tokenExchange } = options;
  const staticClientIds = clients.map((client) => client.client_id);
  return {
    adapter: memoryAdapter(),
    clients,
    findAccount,
    jwks: { keys: [signingKey] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    // `offline_access` is not among them: refresh tokens go to every client registered for that grant.
    scopes: ['openid'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientBasedCORS: () => true,
    fetch: fetchClientMetadata,
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      dPoP: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) =>
          client.clientAuthMethod !== 'none' || token.clientId === client.clientId,
      },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      registration: { enabled: true },
      clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
      deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****', ...devicePages },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => oneOf ?? mcpServers.map(({ audience }) => audience).slice(0, 1),
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, indicator) => {
          const mcpServer = mcpServers.find(({ audience }) => audience === indicator);
          if (!mcpServer) throw new errors.InvalidTarget();
          applyDefaultScope(ctx, options.defaultScope);
          return resourceServer(mcpServer);
        },
      },
    },
    extraClientMetadata: {
      properties: ['application_type'],
      validator: (_ctx, _key, _value, metadata) => {
        if (!staticClientIds.includes(metadata.client_id)) applyClientMetadataPolicy(metadata);
      },
    },
    extraTokenClaims: (_ctx, token) => tokenExchange.extraTokenClaims(token),
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? 60 * minutes,
      ClientCredentials: 60 * minutes,
      DeviceCode: 10 * minutes,
      Grant: 14 * days,
      IdToken: 60 * minutes,
      Interaction: 60 * minutes,
      RefreshToken: 14 * days,
      Session: 14 * days,
    },
    renderError: (ctx, out) => {
      const reason = [out.error, out.error_description].filter(Boolean).join(': ');
      showPage(ctx, 'This did not work', html`<p role="alert">${reason}</p>`);
    },
  };
}

const minutes = 60;
const days = 24 * 60 * minutes;

/** RFC 6749 §3.3: a request that names no scope gets the default one. */
function applyDefaultScope({ oidc }: KoaContextWithOIDC, defaultScope: string): void {
  const { params, route } = oidc;
  if (params && (route !== 'token' || params.grant_type === 'client_credentials')) params.scope ??= defaultScope;
}

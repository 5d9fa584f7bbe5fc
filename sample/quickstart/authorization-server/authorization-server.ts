import type { Server } from 'node:http';
import type { JWK } from 'jose';
import type { ClientMetadata } from 'oidc-provider';
import { originOf } from '../listen.js';
import { prefillUserCode } from './device-pages.js';
import { interactions } from './interactions.js';
import { Provider } from './oidc-provider.js';
import type { ProtectedResource } from './protected-resource.js';
import { providerConfiguration } from './provider-configuration.js';
import { registrationCors } from './registration-cors.js';
import { generateSigningKey, publicKey } from './signing-key.js';
import { emitTokenEvents, type TokenEvent } from './token-events.js';
import { TokenExchange, tokenExchangeGrant } from './token-exchange.js';

const scopes = ['orders:read', 'orders:write'];

/** A client without a user, for the client credentials grant. */
export const nightlyReportClient = { id: 'nightly-report', secret: 'nightly-report-secret' };

export interface AuthorizationServerOptions {
  /** A server that listens already: its origin is the issuer. */
  readonly server: Server;
  /** The MCP server, by each of its names; the first stands where a client names none. */
  readonly mcpResources: readonly [string, ...string[]];
  readonly ordersAudience: string;
  readonly mcpServerClient: { readonly id: string; readonly secret: string };
  readonly onToken?: (event: TokenEvent) => void;
  /** Seconds for which clients may use a token for the MCP server; by default an hour. */
  readonly accessTokenLifetime?: number | undefined;
  /** A private RS256 key; without one, the server makes its own. */
  readonly signingKey?: JWK;
}

export interface AuthorizationServer {
  readonly issuer: string;
  readonly jwksUri: string;
}

export async function startAuthorizationServer(options: AuthorizationServerOptions): Promise<AuthorizationServer> {
  const issuer = originOf(options.server);
  const signingKey = options.signingKey ?? (await generateSigningKey());
  const { accessTokenLifetime = 60 * 60 } = options;
  const mcpServers = options.mcpResources.map((audience) => ({ audience, scopes, accessTokenLifetime }));
  const ordersApi: ProtectedResource = { audience: options.ordersAudience, scopes, accessTokenLifetime: 5 * 60 };
  const tokenExchange = new TokenExchange({
    resourcesOfClient: new Map([[options.mcpServerClient.id, options.mcpResources]]),
    targets: [ordersApi],
    publicKey: publicKey(signingKey),
  });
  const clients = [
    confidentialClient('MCP server', options.mcpServerClient, tokenExchangeGrant),
    confidentialClient('Nightly report', nightlyReportClient, 'client_credentials'),
  ];
  const provider = new Provider(
    issuer,
    providerConfiguration({ mcpServers, defaultScope: 'orders:read', clients, signingKey, tokenExchange }),
  );
  tokenExchange.register(provider);
  provider.use(registrationCors(provider.pathFor('registration')));
  provider.use(prefillUserCode(provider.pathFor('code_verification')));
  provider.use(interactions(provider));
  if (options.onToken) emitTokenEvents(provider, options.onToken);
  const handle = provider.callback();
  options.server.on('request', (request, response) => void handle(request, response));
  return { issuer, jwksUri: new URL(provider.pathFor('jwks'), issuer).href };
}

function confidentialClient(
  name: string,
  { id, secret }: { readonly id: string; readonly secret: string },
  grantType: string,
): ClientMetadata {
  return {
    client_id: id,
    client_secret: secret,
    client_name: name,
    grant_types: [grantType],
    response_types: [],
    redirect_uris: [],
  };
}

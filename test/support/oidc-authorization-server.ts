import type { JWK } from 'jose';
import * as oauth from 'openid-client';
import { memoryAdapter } from '../../sample/quickstart/authorization-server/memory-adapter.js';
import { Provider } from '../../sample/quickstart/authorization-server/oidc-provider.js';
import { listen, type Listener } from './listen.js';
import { returnSigningKey, takeSigningKey } from './signing-keys.js';

export const REPORT_CLIENT = { id: 'nightly-report', secret: 'nightly-report-secret-of-32-characters' };

export interface OidcAuthorizationServerOptions {
  readonly format: 'opaque' | 'jwt';
  /** How the MCP server is registered, besides its id and secret. */
  readonly registration?: object;
}

/** A real authorization server: oidc-provider, for clients that act for themselves. */
export class OidcAuthorizationServer {
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];

  private constructor(
    private readonly listener: Listener,
    private readonly key: JWK,
  ) {}

  static async start({ format, registration }: OidcAuthorizationServerOptions): Promise<OidcAuthorizationServer> {
    const listener = await listen();
    const key = await takeSigningKey();
    const none = { redirect_uris: [], response_types: [] };
    const store = memoryAdapter();
    const clients = store('Client');
    // As if it had registered itself: of clients in the configuration it makes copies with structuredClone, which is of
    // another realm here, and then takes their keys for no objects.
    await clients.upsert(
      'mcp-server',
      {
        client_id: 'mcp-server',
        client_secret: 'mcp-server-secret',
        grant_types: [],
        ...none,
        ...registration,
      },
      3600,
    );
    const provider = new Provider(listener.origin, {
      adapter: (name) => (name === 'Client' ? clients : store(name)),
      clients: [
        {
          client_id: REPORT_CLIENT.id,
          client_secret: REPORT_CLIENT.secret,
          grant_types: ['client_credentials'],
          ...none,
        },
      ],
      jwks: { keys: [key] },
      ttl: { ClientCredentials: 300 },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        dPoP: { enabled: true },
        introspection: { enabled: true, allowedPolicy: (_context, { clientId }) => clientId === 'mcp-server' },
        jwtIntrospection: { enabled: true },
        revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context, audience) => ({
            audience,
            scope: 'orders:read',
            accessTokenFormat: format,
          }),
        },
      },
    });
    const server = new OidcAuthorizationServer(listener, key);
    const handle = provider.callback();
    listener.server.on('request', (request, response) => {
      server.requests.push(request.url ?? '');
      void handle(request, response);
    });
    return server;
  }

  get issuer(): string {
    return this.listener.origin;
  }

  /** What a client knows of it. */
  async reportClient(): Promise<oauth.Configuration> {
    const authentication = oauth.ClientSecretBasic(REPORT_CLIENT.secret);
    return await oauth.discovery(new URL(this.issuer), REPORT_CLIENT.id, undefined, authentication, {
      execute: [oauth.allowInsecureRequests],
    });
  }

  async close(): Promise<void> {
    await this.listener.close();
    returnSigningKey(this.key);
  }
}

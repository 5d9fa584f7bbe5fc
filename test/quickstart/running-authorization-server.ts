import type { Server } from 'node:http';
import { importJWK, SignJWT, type JWK, type JWTPayload } from 'jose';
import * as oauth from 'openid-client';
import { startAuthorizationServer } from '../../sample/quickstart/authorization-server/authorization-server.js';
import { generateSigningKey } from '../../sample/quickstart/authorization-server/signing-key.js';
import type { TokenEvent } from '../../sample/quickstart/authorization-server/token-events.js';
import { closeServer, listen } from '../../sample/quickstart/listen.js';
import { signIn, type SignInOptions } from '../../sample/quickstart/walkthrough/sign-in.js';

export const mcpResource = 'http://127.0.0.1:3000/mcp';
export const ordersAudience = 'http://127.0.0.1:3002';
export const mcpServerClient = { id: 'mcp-server', secret: 'mcp-server-secret' };
export const redirectUri = 'http://127.0.0.1:1234/callback';

const execute = [oauth.allowInsecureRequests];

interface AuthorizationRequest extends SignInOptions {
  readonly scope?: string;
  readonly redirectUri?: string;
  readonly resource?: string;
}

/** The sample's authorization server on a port of its own, and a client's view of it. */
export class RunningAuthorizationServer {
  private constructor(
    private readonly server: Server,
    private readonly signingKey: JWK,
    readonly issuer: string,
    readonly events: readonly TokenEvent[],
  ) {}

  static async start(): Promise<RunningAuthorizationServer> {
    const server = await listen(0);
    const signingKey = await generateSigningKey();
    const events: TokenEvent[] = [];
    const { issuer } = await startAuthorizationServer({
      server,
      mcpResources: [mcpResource],
      ordersAudience,
      mcpServerClient,
      signingKey,
      onToken: (event) => events.push(event),
    });
    return new RunningAuthorizationServer(server, signingKey, issuer, events);
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }

  async register(metadata: Partial<oauth.ClientMetadata> = {}): Promise<oauth.Configuration> {
    return oauth.dynamicClientRegistration(
      new URL(this.issuer),
      {
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'none',
        client_name: 'Test client',
        ...metadata,
      },
      oauth.None(),
      { algorithm: 'oauth2', execute },
    );
  }

  async clientOf({ id, secret }: { id: string; secret?: string }): Promise<oauth.Configuration> {
    const authentication = secret === undefined ? oauth.None() : oauth.ClientSecretBasic(secret);
    return oauth.discovery(new URL(this.issuer), id, undefined, authentication, { algorithm: 'oauth2', execute });
  }

  async authorize(
    client: oauth.Configuration,
    { scope, redirectUri: redirect_uri = redirectUri, resource, ...signInOptions }: AuthorizationRequest,
  ): Promise<{ response: URL; verifier: string }> {
    const verifier = oauth.randomPKCECodeVerifier();
    const url = oauth.buildAuthorizationUrl(client, {
      redirect_uri,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(scope !== undefined && { scope }),
      ...(resource !== undefined && { resource }),
    });
    return { response: await signIn(url, signInOptions), verifier };
  }

  async obtainToken(client: oauth.Configuration, request: AuthorizationRequest): Promise<oauth.TokenEndpointResponse> {
    const { response, verifier } = await this.authorize(client, request);
    return oauth.authorizationCodeGrant(client, response, { pkceCodeVerifier: verifier });
  }

  /** An access token as this server would have issued it, but for the given claims; `undefined` takes one away. */
  async accessTokenWith(claims: JWTPayload, header: { typ?: string; key?: JWK } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: this.issuer, aud: mcpResource, sub: 'alice', iat: now, exp: now + 600, ...claims };
    const { kid = '' } = this.signingKey;
    return new SignJWT({ scope: 'orders:read orders:write', ...payload })
      .setProtectedHeader({ alg: 'RS256', kid, typ: header.typ ?? 'at+jwt' })
      .sign(await importJWK(header.key ?? this.signingKey, 'RS256'));
  }
}

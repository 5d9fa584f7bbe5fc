import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JWK } from 'jose';
import * as oauth from 'openid-client';
import { findAccount } from '../../sample/quickstart/authorization-server/accounts.js';
import { interactions } from '../../sample/quickstart/authorization-server/interactions.js';
import { memoryAdapter } from '../../sample/quickstart/authorization-server/memory-adapter.js';
import { Provider } from '../../sample/quickstart/authorization-server/oidc-provider.js';
import { listen, type Listener } from '../support/listen.js';
import { keepSecret } from '../support/secret-watch.js';
import { returnSigningKey, takeSigningKey } from '../support/signing-keys.js';
import { Browser } from './browser.js';

export interface Registration {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
  /** Whether this client knows users by a name of its own for them, and not by that of access tokens. */
  readonly isPairwise?: boolean;
  /** `backchannel_logout_uri`. */
  readonly logoutUri?: string;
}

/** A real authorization server with users, alice and bob: oidc-provider, and the pages of the quickstart. */
export class UserAuthorizationServer {
  /** Requests of its token endpoint, in order. */
  readonly grants: string[] = [];
  /** Ids of refresh tokens. */
  readonly issued = new Set<string>();
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  /** Seconds. */
  accessTokenLifetime = 3600;
  /** What a test wants to happen in place of an answer; whether it has answered. */
  #fault: ((request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>) | undefined;

  private constructor(
    private readonly listener: Listener,
    readonly issuer: string,
    private readonly provider: InstanceType<typeof Provider>,
    private readonly clients: ReturnType<ReturnType<typeof memoryAdapter>>,
    private readonly models: Map<string, ReturnType<ReturnType<typeof memoryAdapter>>>,
    private readonly key: JWK,
  ) {}

  /** @param host - of its issuer identifier; browsers tell cookies apart by it */
  static async start(host: string): Promise<UserAuthorizationServer> {
    const listener = await listen();
    const issuer = listener.origin.replace('127.0.0.1', host);
    const key = await takeSigningKey();
    const store = memoryAdapter();
    const clients = store('Client');
    const models = new Map([['Client', clients]]);
    const provider: InstanceType<typeof Provider> = new Provider(issuer, {
      adapter: (name) => {
        const model = models.get(name) ?? store(name);
        models.set(name, model);
        return model;
      },
      findAccount,
      subjectTypes: ['public', 'pairwise'],
      pairwiseIdentifier: (_context, accountId) => identifierOf(accountId),
      extraTokenClaims: (_context, token) =>
        'accountId' in token ? { uid: identifierOf(token.accountId) } : undefined,
      jwks: { keys: [key] },
      cookies: { keys: [randomBytes(32).toString('base64url')] },
      responseTypes: ['code'],
      pkce: { required: () => true },
      ttl: {
        AccessToken: () => server.accessTokenLifetime,
        ClientCredentials: 3600,
        AuthorizationCode: 60,
        Grant: 3600,
        IdToken: 60,
        Interaction: 600,
        RefreshToken: 3600,
        Session: 3600,
      },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: {
          enabled: true,
          logoutSource: (context, form) => {
            context.body = form.replace('</form>', '<button name="logout" value="approve"></button></form>');
          },
        },
        revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
        resourceIndicators: {
          enabled: true,
          useGrantedResource: () => true,
          getResourceServerInfo: (_context, audience) => ({
            audience,
            scope: 'contacts:read contacts:write',
            accessTokenFormat: 'jwt',
            accessTokenTTL: server.accessTokenLifetime,
          }),
        },
      },
      issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
      rotateRefreshToken: true,
      // Its own refuses addresses on loopback.
      fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as RequestInit),
    });
    const server = new UserAuthorizationServer(listener, issuer, provider, clients, models, key);
    provider.use(interactions(provider));
    provider.on('refresh_token.saved', ({ jti }) => {
      keepSecret(jti);
      server.issued.add(jti);
    });
    provider.on('authorization_code.saved', ({ jti }) => {
      keepSecret(jti);
    });
    provider.on('grant.success', ({ oidc }) => server.grants.push(String(oidc.params?.grant_type)));
    const handle = provider.callback();
    listener.server.on('request', (request, response) => {
      server.requests.push((request.url ?? '').replace(/\?.*/s, ''));
      void Promise.resolve(server.#fault?.(request, response)).then((isAnswered) => {
        if (isAnswered !== true) void handle(request, response);
      });
    });
    return server;
  }

  /** Has the user of a browser authorize a client. */
  async authorize(browser: Browser, clientId: string, redirectUri: string): Promise<void> {
    const url = new URL(`${this.issuer}/auth`);
    url.search = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid',
      code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    }).toString();
    await browser.visit(url, (next) => next.href.startsWith(redirectUri));
  }

  /** Tells when a client was told of a sign-out, or could not be. */
  onLogout(listener: (outcome: unknown) => void): void {
    this.provider.on('backchannel.success', listener);
    this.provider.on('backchannel.error', (_context, error) => {
      listener(error);
    });
  }

  /** Every POST is answered like this, until it is mended. */
  breakDown(status: number, body: string, contentType = 'application/json'): void {
    this.#fault = ({ method }, response) => {
      if (method !== 'POST') return false;
      response.writeHead(status, { 'content-type': contentType }).end(body);
      return true;
    };
  }

  /** Whoever connects is hung up on, until it is mended. */
  vanish(): void {
    this.#fault = (request) => {
      request.destroy();
      return true;
    };
  }

  /**
   * The next POST waits.
   *
   * @returns when it has come, and what lets it go on
   */
  hold(): { readonly arrived: Promise<void>; readonly release: () => void } {
    let arrive: () => void = () => undefined;
    let release = arrive;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#fault = async ({ method }) => {
      if (method !== 'POST') return false;
      this.#fault = undefined;
      arrive();
      await released;
      return false;
    };
    return { arrived, release };
  }

  /** The next grant of a kind. */
  async granted(grantType: string): Promise<void> {
    await new Promise<void>((resolve) => {
      this.provider.on('grant.success', ({ oidc }) => {
        if (oidc.params?.grant_type === grantType) resolve();
      });
    });
  }

  mend(): void {
    this.#fault = undefined;
  }

  /** No refresh token is good any more. */
  async forgetGrants(): Promise<void> {
    const refreshTokens = this.models.get('RefreshToken');
    for (const id of this.issued) await refreshTokens?.destroy(id);
  }

  /** A client that acts for itself. */
  async registerService(id: string, secret: string): Promise<void> {
    keepSecret(secret);
    const registration = { client_id: id, client_secret: secret, redirect_uris: [], response_types: [] };
    await this.clients.upsert(id, { ...registration, grant_types: ['client_credentials'] }, 3600);
  }

  async serviceToken(id: string, secret: string, resource: string): Promise<string> {
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    keepSecret(access_token);
    return access_token;
  }

  async register({ id, secret, redirectUri, isPairwise = false, logoutUri }: Registration): Promise<void> {
    keepSecret(secret);
    await this.clients.upsert(
      id,
      {
        client_id: id,
        client_secret: secret,
        client_name: id,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        subject_type: isPairwise ? 'pairwise' : 'public',
        ...(logoutUri !== undefined && {
          backchannel_logout_uri: logoutUri,
          backchannel_logout_session_required: true,
        }),
      },
      3600,
    );
  }

  /** An access token that a user got for a resource, by an assistant, in a browser. */
  async tokenOf(username: string, resource: string): Promise<string> {
    const redirectUri = 'http://127.0.0.1:1/callback';
    await this.register({ id: 'assistant', secret: 'assistant-secret', redirectUri });
    const client = await oauth.discovery(new URL(this.issuer), 'assistant', undefined, undefined, {
      execute: [oauth.allowInsecureRequests],
    });
    const configuration = new oauth.Configuration(
      client.serverMetadata(),
      'assistant',
      undefined,
      oauth.ClientSecretBasic('assistant-secret'),
    );
    oauth.allowInsecureRequests(configuration);
    const codeVerifier = oauth.randomPKCECodeVerifier();
    const state = oauth.randomState();
    const url = oauth.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid',
      resource,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    const { url: answer } = await new Browser(username).visit(url, (next) => next.port === '1');
    const tokens = await oauth.authorizationCodeGrant(
      configuration,
      answer,
      { pkceCodeVerifier: codeVerifier, expectedState: state },
      { resource },
    );
    keepSecret(tokens.access_token);
    return tokens.access_token;
  }

  async close(): Promise<void> {
    await this.listener.close();
    returnSigningKey(this.key);
  }
}

function identifierOf(username: string): string {
  return `identifier-of-${username}`;
}
